using Throughline.Connect;
using Throughline.Model;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.Conformance.Connectors;

// Cases 11 to 16 and 18: nothing is doubled, bent or silently dropped on the way out.
public abstract partial class ConnectorConformance<TUnderTest>
{
    [Fact]
    public async Task Case_11_write_whose_answer_is_lost_is_in_doubt_and_can_be_found()
    {
        SkipWhereExcluded(ConformanceCase.LostAnswerOfWrite);
        var connector = Connect();
        _subject.Faults.Add(_subject.OnCreate(new Fault { Kind = FaultKind.CutAfter, Times = 1 }));
        var lost = await WriteAsync(connector, Creation(1));
        Assert.IsType<Failure.InDoubt>(lost.Failure);
        Assert.Equal(1, Struck());
        var found = await FindOneAsync(connector, 1);
        Assert.NotEmpty(found.ExternalId);
        Assert.Equal(1, await _subject.CountDirectlyAsync(1));

        // The other half of the truth: cut before the system saw it, the probe finds nothing and sending again makes one.
        _subject.Faults.Add(_subject.OnCreate(new Fault { Kind = FaultKind.CutBefore, Times = 1 }));
        var unsent = await WriteAsync(connector, Creation(2));
        Assert.Equal(Disposition.ReadBackFirst, unsent.Failure?.Disposition);
        Assert.Empty(await connector.FindAsync(new FindRequest(_subject.Entity, _subject.FindKey(2)), Cancellation));
        await CreateAsync(connector, 2);
        Assert.Equal(1, await _subject.CountDirectlyAsync(2));
    }

    [Fact]
    public async Task Case_12_each_item_of_a_batch_with_one_bad_item_gets_its_receipt()
    {
        SkipWhereExcluded(ConformanceCase.PartialBatch);
        var connector = Connect();
        WriteItem[] items = [Creation(1), Creation(2, _subject.BadRecord(2)), Creation(3)];
        var receipts = new List<Receipt>();
        foreach (var chunk in items.Chunk(Math.Max(1, Manifest.BatchMax)))
        {
            receipts.AddRange(await connector.WriteAsync([.. chunk], Cancellation));
        }

        Assert.Equal(3, receipts.Count);
        Assert.IsType<Failure.Validation>(receipts[1].Failure);
        Assert.Equal(0, await _subject.CountDirectlyAsync(2));
        var together = Manifest is { BatchIsAtomic: true, BatchMax: >= 3 };
        foreach (var (n, receipt) in new[] { (1, receipts[0]), (3, receipts[2]) })
        {
            Assert.Equal(!together, receipt.IsDone);
            Assert.Equal(together ? 0 : 1, await _subject.CountDirectlyAsync(n));
            if (!together)
            {
                Assert.Equal(receipt.ExternalId, (await FindOneAsync(connector, n)).ExternalId);
            }
        }
    }

    [Fact]
    public async Task Case_13_second_record_with_the_same_key_is_refused()
    {
        SkipWhereExcluded(ConformanceCase.SameKeyOtherPayload);
        var connector = Connect();
        var first = await CreateAsync(connector, 1);
        var second = await WriteAsync(connector, Creation(1, _subject.NewRecord(1).Merge(_subject.Change(1)), "another"));
        Assert.True(second.Failure is Failure.Duplicate or Failure.Conflict, $"expected a duplicate, got {second.Failure?.ToString() ?? "success"}");
        Assert.Equal(1, await _subject.CountDirectlyAsync(1));
        Assert.Equal(first.ExternalId, (await FindOneAsync(connector, 1)).ExternalId);
    }

    [Fact]
    public async Task Case_14_odd_values_arrive_whole_or_are_refused()
    {
        SkipWhereExcluded(ConformanceCase.OddValues);
        var connector = Connect();
        string?[] values =
        [
            null, "", "Zoë Ωμέγα 東京 عربى 🚆", "quotes \" ' \\ <b>&amp;</b> {\"a\":1} %2F ;--",
            new('x', Math.Min(_subject.TextLengthMax ?? 4000, 4000)),
        ];
        for (var n = 1; n <= values.Length; n++)
        {
            await CreateAsync(connector, n, _subject.Set(_subject.NewRecord(n), _subject.TextField, values[n - 1]));
            var read = _subject.Get((await FindOneAsync(connector, n)).Fields, _subject.TextField);
            Assert.Equal(values[n - 1] ?? "", read as string ?? ""); // systems differ in whether an empty text is null
        }

        if (_subject.TextLengthMax is { } longest)
        {
            var tooLong = _subject.Set(_subject.NewRecord(90), _subject.TextField, new string('x', longest + 1));
            Assert.IsType<Failure.Validation>((await WriteAsync(connector, Creation(90, tooLong))).Failure);
            Assert.Equal(0, await _subject.CountDirectlyAsync(90));
        }

        var unknown = await WriteAsync(connector, Creation(91, _subject.NewRecord(91).With("no_such_field_zz", "x")));
        var refusal = Assert.IsType<Failure.Validation>(unknown.Failure);
        Assert.Contains("no_such_field_zz", refusal.Message + string.Join(" ", refusal.Problems), StringComparison.Ordinal);
        Assert.Equal(0, await _subject.CountDirectlyAsync(91));
    }

    [Fact]
    public async Task Case_15_money_comes_back_exactly()
    {
        SkipWhereExcluded(ConformanceCase.ExactMoney);
        var field = Declared(_subject.MoneyField, ConformanceCase.ExactMoney);
        var connector = Connect();
        decimal[] amounts = [0m, 0.01m, -0.01m, 0.1m, 0.3m, 1234567.89m, -1234567.89m, 999999999.99m];
        for (var n = 1; n <= amounts.Length; n++)
        {
            await CreateAsync(connector, n, _subject.Set(_subject.NewRecord(n), field, amounts[n - 1]));
            Assert.Equal(amounts[n - 1], _subject.Amount(_subject.Get((await FindOneAsync(connector, n)).Fields, field)));
        }
    }

    [Fact]
    public async Task Case_16_dates_come_back_exactly()
    {
        SkipWhereExcluded(ConformanceCase.ExactDates);
        var field = Declared(_subject.DateField, ConformanceCase.ExactDates);
        var connector = Connect();

        // Both changes of European and American clocks, the ends of a year, a leap day: where a date passes through an instant, one of them moves.
        string[] dates = ["2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-12-31", "2027-01-01", "2028-02-29"];
        for (var n = 1; n <= dates.Length; n++)
        {
            await CreateAsync(connector, n, _subject.Set(_subject.NewRecord(n), field, dates[n - 1]));
            Assert.Equal(dates[n - 1], _subject.Get((await FindOneAsync(connector, n)).Fields, field));
        }
    }

    [Fact]
    public async Task Case_18_fields_that_were_written_are_read_again_equal()
    {
        SkipWhereExcluded(ConformanceCase.RoundTrip);
        var connector = Connect();
        for (var n = 1; n <= 3; n++)
        {
            var record = _subject.NewRecord(n);
            var receipt = await CreateAsync(connector, n);
            var found = await FindOneAsync(connector, n);
            Assert.Equal(receipt.ExternalId, found.ExternalId);
            Shows(_subject.Shown(record), found.Fields);
            if (!Written.Writes.Contains(WriteOperation.Update))
            {
                continue;
            }

            var change = _subject.Change(n);
            var updated = await WriteAsync(connector, Update(found.ExternalId, change, Written.ChecksVersion ? found.Version : null));
            Assert.True(updated.IsDone, $"record {n} was not changed: {updated.Failure?.Message} {updated.Failure?.Evidence}");
            var byId = Assert.Single(await connector.FindAsync(FindRequest.ById(_subject.Entity, found.ExternalId), Cancellation));
            Shows(_subject.Shown(record.Merge(change)), byId.Fields);
        }
    }

    private static string Declared(string? field, ConformanceCase @case)
    {
        Assert.True(field is not null, $"name the field of case {(int)@case} {@case}, or declare in Differences why there is none");
        return field;
    }

    private static void Shows(Fields expected, Fields read)
    {
        foreach (var (name, value) in expected)
        {
            // Compared as documents, so that 5 and 5.0 are the same number; a nested document may show more than was written.
            if (value is Fields nested && read.Nested(name) is { } shown)
            {
                Shows(nested, shown);
            }
            else
            {
                Assert.True(
                    Fields.Of((name, value)).Equals(Fields.Of((name, read.Get(name)))),
                    $"{name} was written as {Fields.Of(("v", value))} and is read as {Fields.Of(("v", read.Get(name)))}");
            }
        }
    }
}
