using Throughline.Connect;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Throughline.Landscape;
using Xunit;

namespace Throughline.Tests.Engine.Entries;

/// <summary>
/// What stands in the target is what the PSA says, once: whatever order changes, answers and receipts come in, and whether the target takes, refuses or keeps silent
/// (invariants 2, 3 and 8).
/// </summary>
public sealed class When_entries_are_decided
{
    private readonly EntryDesk _desk = new();

    [Fact]
    public void Should_send_one_line_for_two_changes_that_come_together()
    {
        _desk.Take(EntryDesk.Change("a", 1, 8m), EntryDesk.Change("b", 1, 3m), EntryDesk.Change("a", 2, 6m));

        var batch = _desk.Only();
        Assert.Equal(2, batch.Lines.Length);
        Assert.Equal(21_600m, batch.Lines.Single(line => EntryTurn.IdOf(line) == EntryDesk.IdOf("a")).Fields.Number("duration"));
    }

    [Fact]
    public void Should_send_nothing_of_what_came_and_lost_its_approval_together()
    {
        _desk.Take(EntryDesk.Change("a", 1, 8m), EntryDesk.Change("a", 2, 8m, isApproved: false));

        Assert.Empty(_desk.Open);
        Assert.Equal(EntryStatus.Kept, _desk["a"].Status);
    }

    [Fact]
    public void Should_leave_what_stands_where_its_approval_went_and_came_back_together()
    {
        Standing("a", 8m);

        _desk.Take(EntryDesk.Change("a", 2, 8m, isApproved: false), EntryDesk.Change("a", 3, 8m));

        Assert.Empty(_desk.Open);
        Assert.Equal(EntryStatus.Sent, _desk["a"].Status);
    }

    [Fact]
    public void Should_not_take_for_sent_what_was_refused_while_it_changed_and_changed_back()
    {
        _desk.Take(EntryDesk.Change("a", 1, 8m));
        var batch = _desk.Only();
        _desk.Take(EntryDesk.Change("a", 2, 6m));
        _desk.Take(EntryDesk.Change("a", 3, 8m));
        _desk.Refused(batch);

        _desk.Turn(turn => turn.LookAgain(_desk["a"]));

        Assert.Equal((EntryStatus.Held, EntryReasons.ByTarget, "no"), (_desk["a"].Status, _desk["a"].Reason, _desk["a"].Says));
    }

    [Fact]
    public void Should_send_a_correction_and_not_the_refused_line_where_both_come_together()
    {
        _desk.Take(EntryDesk.Change("a", 1, 8m), EntryDesk.Change("b", 1, 3m));
        var batch = _desk.Only();
        _desk.Refused(batch);

        _desk.Turn(turn =>
        {
            turn.Take(EntryDesk.Change("a", 2, 6m));
            turn.Take(batch);
        });

        Assert.Equal(["a", "b"], _desk.Open.SelectMany(sent => sent.Lines).Select(Name).Order());
        Assert.Equal(21_600m, _desk.Open.SelectMany(sent => sent.Lines).Single(line => Name(line) == "a").Fields.Number("duration"));
    }

    [Fact]
    public void Should_send_the_halves_of_a_refused_batch_apart_until_the_culprit_is_alone()
    {
        _desk.Take([.. "abcd".Select(name => EntryDesk.Change(name.ToString(), 1, 8m))]);
        for (var rounds = 0; _desk.Open is [_, ..] open; rounds++)
        {
            Assert.True(rounds < 5);
            foreach (var batch in open)
            {
                if (batch.Lines.Any(line => Name(line) == "c"))
                {
                    _desk.Refused(batch);
                    _desk.Receipt(batch);
                }
                else
                {
                    _desk.Taken(batch);
                }
            }
        }

        Assert.Equal([EntryStatus.Sent, EntryStatus.Sent, EntryStatus.Held, EntryStatus.Sent], "abcd".Select(name => _desk[name.ToString()].Status));
    }

    [Fact]
    public void Should_keep_in_mind_what_stands_where_the_target_refuses_to_take_it_back()
    {
        Standing("a", 8m);
        Standing("b", 3m);
        _desk.Take(EntryDesk.Change("a", 2, 8m, isApproved: false), EntryDesk.Change("b", 2, 3m, isApproved: false));
        var both = _desk.Only();
        Assert.Equal(WriteOperation.Undo, both.Item.Operation);
        _desk.Refused(both);
        _desk.Receipt(both);
        Assert.Equal(2, _desk.Open.Count);
        foreach (var one in _desk.Open)
        {
            _desk.Refused(one, "policy: it is invoiced");
            _desk.Receipt(one);
        }

        Assert.Equal((EntryStatus.Held, "it is invoiced"), (_desk["a"].Status, _desk["a"].Says));
        _desk.Take(EntryDesk.Change("a", 3, 7m));

        var line = Assert.Single(_desk.Only().Lines);
        Assert.Equal((WriteOperation.Update, "1"), (line.Operation, line.ExternalId));
    }

    [Fact]
    public void Should_try_again_what_was_refused_when_a_person_says_so()
    {
        _desk.Take(EntryDesk.Change("a", 1, 8m));
        var batch = _desk.Only();
        _desk.Refused(batch);
        _desk.Receipt(batch);
        Assert.Empty(_desk.Open);

        // Twice, as where two cases of an engagement are tried again at once.
        _desk.Turn(turn =>
        {
            turn.LookAgain(_desk["a"]);
            turn.LookAgain(_desk["a"]);
        });

        Assert.Equal(WriteOperation.Create, _desk.Only().Item.Operation);
    }

    /// <summary>Invariant 3: after silence nothing is sent again without a question.</summary>
    [Fact]
    public void Should_ask_the_target_first_where_nobody_knows_whether_it_has_the_line()
    {
        _desk.Take(EntryDesk.Change("a", 1, 8m));
        var batch = _desk.Only();
        _desk.Refused(batch, "in-doubt: policy: you may not look");
        _desk.Receipt(batch);
        Assert.Equal((EntryStatus.Held, EntryReasons.ByDoubt), (_desk["a"].Status, _desk["a"].Reason));

        _desk.Turn(turn => turn.LookAgain(_desk["a"]));

        var asked = _desk.Only();
        Assert.Equal((WriteOperation.Create, CommandStatus.InDoubt), (asked.Item.Operation, asked.Status));
        // It was there, from whatever attempt: so it is written over.
        _desk.Taken(asked, wasThere: true);
        _desk.Receipt(asked);
        Assert.Equal(WriteOperation.Update, _desk.Only().Item.Operation);
        _desk.Taken(_desk.Only());
        _desk.Turn(turn => turn.LookAgain(_desk["a"]));
        Assert.Empty(_desk.Open);
    }

    [Fact]
    public void Should_ask_for_the_lines_of_a_batch_in_doubt_apart()
    {
        _desk.Take(EntryDesk.Change("a", 1, 8m), EntryDesk.Change("b", 1, 3m));
        var batch = _desk.Only();
        _desk.Refused(batch, "in-doubt: sent 12 times without a clear answer");

        _desk.Receipt(batch);

        Assert.Equal([CommandStatus.InDoubt, CommandStatus.InDoubt], _desk.Open.Select(each => each.Status));
        Assert.All(_desk.Open, each => Assert.Single(each.Lines));
    }

    [Fact]
    public void Should_not_send_what_is_in_doubt_when_it_is_not_wanted_any_more()
    {
        _desk.Take(EntryDesk.Change("a", 1, 8m));
        var batch = _desk.Only();
        _desk.Take(EntryDesk.Change("a", 2, 8m, isApproved: false));
        _desk.Refused(batch, "in-doubt: policy: you may not look");

        _desk.Turn(turn => turn.LookAgain(_desk["a"]));
        Assert.Equal((EntryStatus.Held, EntryReasons.ByDoubt), (_desk["a"].Status, _desk["a"].Reason));
        _desk.Turn(turn => turn.LookAgain(_desk["a"]));

        Assert.Equal(EntryStatus.Kept, _desk["a"].Status);
        Assert.Empty(_desk.Open);
    }

    /// <summary>That its system does not want it there any more says nothing of whether it is there.</summary>
    [Fact]
    public void Should_not_forget_what_is_in_doubt_when_its_approval_goes()
    {
        _desk.Take(EntryDesk.Change("a", 1, 8m));
        var batch = _desk.Only();
        _desk.Refused(batch, "in-doubt: policy: you may not look");
        _desk.Receipt(batch);

        _desk.Take(EntryDesk.Change("a", 2, 8m, isApproved: false));

        Assert.Equal((EntryStatus.Held, EntryReasons.ByDoubt), (_desk["a"].Status, _desk["a"].Reason));
        Assert.Contains("remove it there", _desk["a"].Says, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_send_again_the_line_of_which_the_target_said_nothing_and_hold_the_one_that_it_refused()
    {
        _desk.Take(EntryDesk.Change("a", 1, 8m), EntryDesk.Change("b", 1, 3m), EntryDesk.Change("c", 1, 2m));
        var first = _desk.Only();
        _desk.TakenBut(first, 1, null);
        _desk.Receipt(first);

        var again = _desk.Only();
        Assert.Equal("b", Name(Assert.Single(again.Lines)));
        _desk.TakenBut(again, 0, "no such employee");
        _desk.Receipt(again);
        Assert.Equal("no such employee", _desk["b"].Says);
        Assert.Empty(_desk.Open);
    }

    [Fact]
    public void Should_be_taken_back_from_the_former_system_before_another_gets_it()
    {
        _desk.Take(EntryDesk.Change("a", 1, 8m));
        _desk.Taken(_desk.Only() with { System = "former-erp" });

        _desk.Take(EntryDesk.Change("a", 2, 7m));
        var undo = _desk.Only();
        Assert.Equal(("former-erp", WriteOperation.Undo), (undo.System, undo.Item.Operation));
        _desk.Turn(turn => turn.LookAgain(_desk["a"]));
        Assert.Single(_desk.Open);
        _desk.Taken(undo);
        _desk.Turn(turn => turn.LookAgain(_desk["a"]));

        Assert.Equal(("erp", WriteOperation.Create), (_desk.Only().System, _desk.Only().Item.Operation));
    }

    [Fact]
    public void Should_know_what_stands_of_it_when_it_goes_on_to_another_engagement()
    {
        Standing("a", 8m);

        _desk.Turn(turn => turn.Take(EntryDesk.Change("a", 2, 6m, scope: EntryDesk.Other)), EntryDesk.Other);
        var message = Assert.Single(_desk.Messages);
        Assert.Equal(EntryDesk.Acme, message.Scope);
        _desk.Turn(turn => turn.Take(EntryPayload.Read(new Throughline.Engine.Envelope(message, 1))));
        Assert.Equal((EntryDesk.Other, EntryStatus.Waiting), (_desk["a"].Scope, _desk["a"].Status));
        // A later form comes before the new engagement has looked at it.
        _desk.Turn(turn => turn.Take(EntryDesk.Change("a", 3, 5m, scope: EntryDesk.Other)), EntryDesk.Other);

        var line = Assert.Single(_desk.Only().Lines);
        Assert.Equal((WriteOperation.Update, "1", 18_000m), (line.Operation, line.ExternalId, line.Fields.Number("duration")));
    }

    [Fact]
    public void Should_not_go_where_an_older_form_of_it_belonged()
    {
        Standing("a", 8m, version: 5);

        _desk.Turn(turn => turn.Take(EntryDesk.Change("a", 4, 6m, scope: EntryDesk.Other)), EntryDesk.Other);
        _desk.Turn(turn => turn.Take(EntryDesk.Change("a", 4, 6m) with { Home = EntryDesk.Other }));

        Assert.Equal(EntryDesk.Acme, _desk["a"].Scope);
        Assert.Empty(_desk.Messages);
    }

    /// <summary>What could not be mapped says nothing of its approval.</summary>
    [Fact]
    public void Should_leave_what_stands_where_its_newest_form_cannot_be_mapped_also_when_it_goes_on()
    {
        Standing("a", 8m);

        _desk.Turn(turn => turn.Take(EntryDesk.Change("a", 2, 0, scope: EntryDesk.Other, failure: "hours is no number")), EntryDesk.Other);
        _desk.Turn(turn => turn.Take(EntryPayload.Read(new Throughline.Engine.Envelope(_desk.Messages[0], 1))));
        _desk.Turn(turn => turn.LookAgain(_desk["a"]), EntryDesk.Other);

        Assert.Equal((EntryDesk.Other, EntryStatus.Held, "hours is no number"), (_desk["a"].Scope, _desk["a"].Status, _desk["a"].Says));
        Assert.Empty(_desk.Open);
    }

    private static string Name(WriteItem line) => "abcd".Select(name => name.ToString()).Single(name => EntryDesk.IdOf(name) == EntryTurn.IdOf(line));

    private void Standing(string name, decimal hours, int version = 1)
    {
        _desk.Take(EntryDesk.Change(name, version, hours));
        _desk.Taken(_desk.Only());
    }
}
