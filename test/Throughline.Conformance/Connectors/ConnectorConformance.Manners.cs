using System.Diagnostics;
using Throughline.Connect;
using Throughline.Model;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.Conformance.Connectors;

// Cases 1, 2, 9, 10 and 19 to 23: how a connector behaves towards the system and towards us.
public abstract partial class ConnectorConformance<TUnderTest>
{
    private static readonly TimeSpan Promptly = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Case_01_connection_test_says_who_we_are_and_closes()
    {
        SkipWhereExcluded(ConformanceCase.ConnectAndClose);
        var connector = Connect();
        var report = await connector.TestAsync(Cancellation);
        Assert.True(report.Works, report.Failure?.Message);
        Assert.NotEmpty(report.Summary);
        NoSecretIn(new Failure.Unknown(report.Summary));
        await connector.DisposeAsync();
    }

    [Fact]
    public async Task Case_02_bad_credentials_are_an_authentication_failure_everywhere()
    {
        SkipWhereExcluded(ConformanceCase.BadCredentials);
        await InsertSeveralAsync(1, 1);
        var connector = Connect(_subject.BadSecrets);
        var find = () => connector.FindAsync(new FindRequest(_subject.Entity, _subject.FindKey(2)), Cancellation);
        Failure?[] failures =
        [
            (await connector.TestAsync(Cancellation)).Failure,
            await ReadFailureAsync(connector), // an empty list here would look as if everything had been deleted
            (await Assert.ThrowsAsync<ConnectorException>(async () => await find())).Failure,
            (await WriteAsync(connector, Creation(2))).Failure,
        ];
        foreach (var failure in failures)
        {
            Assert.IsType<Failure.Authentication>(failure);
            NoSecretIn(failure);
        }

        Assert.Equal(0, await _subject.CountDirectlyAsync(2));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(null)]
    public async Task Case_09_throttling_is_reported_with_its_wait_and_not_repeated(int? seconds)
    {
        SkipWhereExcluded(ConformanceCase.Throttling);
        var connector = Connect();
        TimeSpan? wait = seconds is { } s ? TimeSpan.FromSeconds(s) : null;
        var throttling = _subject.Throttling(wait) with { Times = 1 };
        _subject.Faults.Add(_subject.OnCreate(throttling));
        var written = (await WriteAsync(connector, Creation(1))).Failure;
        Assert.Equal(1, Struck());
        Assert.Equal(wait, Assert.IsType<Failure.Throttled>(written).RetryAfter);
        await CreateAsync(connector, 1);

        _subject.Faults.Add(_subject.OnRead(throttling));
        var read = await ReadFailureAsync(connector);
        Assert.Equal(2, Struck());
        Assert.Equal(wait, Assert.IsType<Failure.Throttled>(read).RetryAfter);
        await ReadAllAsync(connector);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task Case_10_server_error_passes_and_leaves_nothing_behind(int status)
    {
        SkipWhereExcluded(ConformanceCase.ServerErrorThenRecovery);
        var inserted = await InsertSeveralAsync(1, 1);
        var connector = Connect();
        _subject.Faults.Add(_subject.OnRead(new Fault { Kind = FaultKind.Answer, Status = status, Times = 1, Body = "<html>down</html>" }));
        Assert.IsType<Failure.Transient>(await ReadFailureAsync(connector));
        Assert.Contains(inserted[0], (await ReadAllAsync(connector)).Records.Select(record => record.ExternalId));

        _subject.Faults.Add(_subject.OnCreate(new Fault { Kind = FaultKind.Answer, Status = status, Times = 1 }));
        var refused = (await WriteAsync(connector, Creation(2))).Failure;
        Assert.True(refused?.Disposition is Disposition.RetryLater or Disposition.ReadBackFirst, $"{status} on a write became {refused}");
        await CreateAsync(connector, 2);
        Assert.Equal(1, await _subject.CountDirectlyAsync(2));

        if (status != 503)
        {
            // A gateway may lose the answer of a write that was carried out; 503 says that it was not.
            _subject.Faults.Add(_subject.OnCreate(new Fault { Kind = FaultKind.AnswerAfter, Status = status, Times = 1 }));
            Assert.IsType<Failure.InDoubt>((await WriteAsync(connector, Creation(3))).Failure);
            await FindOneAsync(connector, 3);
        }
    }

    [Fact]
    public void Case_19_webhooks_forged_replayed_or_out_of_order_do_no_harm()
    {
        SkipWhereExcluded(ConformanceCase.Webhooks);
        Assert.Fail("a connector that takes webhooks must bring its cases here");
    }

    [Fact]
    public async Task Case_20_cancellation_is_prompt_and_nothing_follows_disposal()
    {
        SkipWhereExcluded(ConformanceCase.Cancellation);
        var connector = Connect();
        Assert.True((await connector.TestAsync(Cancellation)).Works);
        _subject.Faults.Add(_subject.OnRead(new Fault { Kind = FaultKind.Latency, DelayMilliseconds = 30_000 }));
        _subject.Faults.Add(_subject.OnCreate(new Fault { Kind = FaultKind.Latency, DelayMilliseconds = 30_000 }));
        await CancelsPromptlyAsync(async token =>
        {
            await foreach (var page in connector.ReadAsync(_subject.ReadEntity, null, token))
            {
                Assert.Fail("a page came through a latency of 30 s");
            }
        });
        _subject.Faults.ForgetRequests();
        await CancelsPromptlyAsync(async token =>
        {
            var receipt = Assert.Single(await connector.WriteAsync([Creation(1)], token));
            Assert.IsType<Failure.InDoubt>(receipt.Failure);
            token.ThrowIfCancellationRequested();
        });

        _subject.Faults.Clear();
        await connector.DisposeAsync();
        var before = _subject.Faults.Requests.Count;
        var afterwards = await Record.ExceptionAsync(async () => Assert.False((await connector.TestAsync(Cancellation)).Works, "worked after disposal"));
        Assert.False(afterwards is Xunit.Sdk.XunitException, afterwards?.Message);
        Assert.Equal(before, _subject.Faults.Requests.Count);
    }

    [Fact]
    public void Case_21_every_setting_is_described_and_an_empty_configuration_lists_all_that_is_missing()
    {
        SkipWhereExcluded(ConformanceCase.DescribedConfiguration);
        Assert.All(Manifest.Configuration, field => Assert.False(string.IsNullOrWhiteSpace(field.Summary), $"{field.Name} has no summary"));
        Assert.All(Manifest.Configuration, field => Assert.Matches("^[a-z][a-z0-9_]*$", field.Name));
        Assert.All(
            Manifest.Configuration.Where(field => field.Name.Contains("key", StringComparison.Ordinal) && field.Kind == FieldKind.Text
                || field.Name.Contains("password", StringComparison.Ordinal) || field.Name.Contains("token", StringComparison.Ordinal)),
            field => Assert.True(
                field.IsSecret || (field.Kind == FieldKind.Text && field.Help is not null), $"{field.Name} looks like a secret and is not marked"));
        var (_, problems) = ConfigurationCheck.Run(Manifest, Fields.Empty);
        Assert.Equal(
            Manifest.Configuration.Where(field => field.Required).Select(field => field.Name).Order(StringComparer.Ordinal),
            problems.Select(problem => problem.Field).Order(StringComparer.Ordinal));
        Assert.False(string.IsNullOrWhiteSpace(Manifest.Title) || string.IsNullOrWhiteSpace(Manifest.Summary), "the manifest has no title or summary");
        Assert.All(Manifest.Entities, entity => Assert.False(string.IsNullOrWhiteSpace(entity.Summary), $"{entity.Name} has no summary"));
    }

    [Fact]
    public async Task Case_22_no_other_host_is_asked_whatever_the_system_says()
    {
        SkipWhereExcluded(ConformanceCase.AllowedHosts);
        await using var trap = new Trap();
        await trap.StartAsync(cancellation: Cancellation);
        var connector = Connect();
        var elsewhere = new Fault { Kind = FaultKind.Answer, Status = 307, Headers = new() { ["Location"] = trap.Address + "caught" } };
        _subject.Faults.Add(_subject.OnRead(elsewhere));
        _subject.Faults.Add(_subject.OnCreate(elsewhere));
        await ReadFailureAsync(connector);
        Assert.False((await WriteAsync(connector, Creation(1))).IsDone);
        Assert.Empty(trap.Faults.Requests);
        Assert.DoesNotContain(trap.Address.Authority, _transport.Hosts.Keys);
        var allowed = Manifest.Configuration.Where(field => field.Kind == FieldKind.Address)
            .Select(field => _subject.Configuration.Text(field.Name)).OfType<string>().Select(text => new Uri(text).Authority)
            .Concat(_subject.OtherAllowedHosts).ToHashSet();
        Assert.Subset(allowed, _transport.Hosts.Keys.ToHashSet());
    }

    [Fact]
    public async Task Case_23_manifest_says_what_the_system_does()
    {
        SkipWhereExcluded(ConformanceCase.TruthfulManifest);
        var connector = Connect();
        Assert.Contains(Written.FindKeys, key => key.ToHashSet().SetEquals(_subject.FindKey(1).Keys));
        var created = await CreateAsync(connector, 1);
        if (!Written.EnforcesKey)
        {
            await CreateAsync(connector, 1);
            Assert.Equal(2, await _subject.CountDirectlyAsync(1)); // and a look-up shows that the key is ambiguous
            Assert.Equal(2, (await connector.FindAsync(new FindRequest(_subject.Entity, _subject.FindKey(1)), Cancellation)).Length);
        }

        await UnknownIsRefusedAsync(connector);
        if (Written.ChecksVersion)
        {
            var found = Assert.Single(await connector.FindAsync(FindRequest.ById(_subject.Entity, created.ExternalId!), Cancellation));
            Assert.True((await WriteAsync(connector, Update(found.ExternalId, _subject.Change(1), found.Version))).IsDone);
            var late = Update(found.ExternalId, _subject.Change(2), _subject.StaleVersion(found.Version!));
            Assert.IsType<Failure.Conflict>((await WriteAsync(connector, late)).Failure);
        }

        var undo = await WriteAsync(connector, new WriteItem("undo", _subject.Entity, WriteOperation.Undo, created.ExternalId, null, Fields.Empty));
        Assert.Equal(Written.Writes.Contains(WriteOperation.Undo), undo.IsDone);
        Assert.Equal(Written.Writes.Contains(WriteOperation.Undo), Written.Undo is not null);
    }

    private async Task UnknownIsRefusedAsync(IConnector connector)
    {
        Assert.Empty(await connector.FindAsync(FindRequest.ById(_subject.Entity, _subject.MissingId), Cancellation));
        Assert.Empty(await connector.FindAsync(new FindRequest(_subject.Entity, _subject.FindKey(99)), Cancellation));
        if (Written.Writes.Contains(WriteOperation.Update))
        {
            var missing = await WriteAsync(connector, Update(_subject.MissingId, _subject.Change(1)));
            Assert.True(
                missing.Failure?.Disposition is Disposition.AskPerson or Disposition.WaitForRecord,
                $"changing a record that is not there gave {missing.Failure}");
        }

        var requests = _subject.Faults.Requests.Count;
        var noSuchKey = new FindRequest(_subject.Entity, Fields.Of(("no_such_key_zz", "x")));
        await Assert.ThrowsAsync<ConnectorException>(async () => await connector.FindAsync(noSuchKey, Cancellation));
        var noSuchEntity = await WriteAsync(connector, new WriteItem("x", "no_such_entity_zz", WriteOperation.Create, null, null, Fields.Empty));
        Assert.IsType<Failure.Validation>(noSuchEntity.Failure);
        Assert.Equal(requests, _subject.Faults.Requests.Count);
    }

    private async Task CancelsPromptlyAsync(Func<CancellationToken, Task> call)
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var running = call(source.Token);
        await UntilStruckAsync();
        var watch = Stopwatch.StartNew();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.True(watch.Elapsed < Promptly, $"cancellation took {watch.Elapsed.TotalSeconds:0.0} s");
    }
}
