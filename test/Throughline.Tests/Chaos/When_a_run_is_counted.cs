using Throughline.Chaos;
using Throughline.Chaos.Count;
using Throughline.Chaos.Firm;
using Xunit;

namespace Throughline.Tests.Chaos;

/// <summary>The count of <c>throughline chaos</c>, on what was read: it is right where all is there once, and each mistake is seen by the check that is there for it.</summary>
public sealed class When_a_run_is_counted
{
    private static readonly Books Books = Entered();

    /// <summary>A check, and a mistake that it must see.</summary>
    public static TheoryData<string, string> Mistakes => new(Made.Keys.Select(key => (key.Check, key.Mistake)));

    private static readonly Dictionary<(string Check, string Mistake), Func<Seen, Seen>> Made = new()
    {
        [("deals", "a deal is not active")] = seen => seen with { Deals = [seen.Deals[0] with { Status = "In Setup" }, seen.Deals[1]] },
        [("deals", "a deal is gone")] = seen => seen with { Deals = [seen.Deals[0]] },
        [("numbers", "a number twice")] = seen => seen with { Deals = [seen.Deals[0], seen.Deals[1] with { Project = seen.Deals[0].Project }] },
        [("customers", "a customer twice")] = seen => seen with { TaxIds = [.. seen.TaxIds, (99, seen.TaxIds[0].TaxId, 99)] },
        [("customers", "a customer without a tax id too many")] = seen => seen with { Customers = [.. seen.Customers, 99] },
        [("customers", "a customer missing")] = seen => seen with { TaxIds = [seen.TaxIds[0]] },
        [("projects", "a project twice")] = seen => seen with { Projects = [.. seen.Projects, seen.Projects[0]] },
        [("projects", "a project missing")] = seen => seen with { Projects = [seen.Projects[0]] },
        [("projects", "a task missing")] = seen => seen with { Issues = [.. seen.Issues.Skip(1)] },
        [("projects", "a task twice")] = seen => seen with { Issues = [.. seen.Issues, seen.Issues[1]] },
        [("projects", "a milestone missing")] = seen => seen with { Versions = [.. seen.Versions.Skip(1)] },
        [("strange-projects", "a project of no deal")] = seen => seen with { Projects = [.. seen.Projects, new SeenPart("PX-9", "Nobody's")] },
        [("strange-projects", "an issue of no deal")] = seen => seen with { Issues = [.. seen.Issues, new SeenPart("", "PX-9-DE Germany")] },
        [("financial-projects", "a financial project twice")] = seen => seen with { Works = [.. seen.Works, seen.Works[0] with { Id = 99 }] },
        [("financial-projects", "a task missing below it")] = seen => seen with { Works = [.. seen.Works.Where(work => work.Id != seen.Works.First(each => !each.IsProject).Id)] },
        [("financial-projects", "another customer's")] = seen => seen with { Works = [seen.Works[0] with { Party = 12 }, .. seen.Works.Skip(1)] },
        [("financial-projects", "a cost centre missing")] = seen => seen with { CostCentres = [.. seen.CostCentres.Skip(1)] },
        [("strange-financial-projects", "a task of no deal")] = seen => seen with { Works = [.. seen.Works, new SeenWork(99, "PX-9-DE-01 Discovery", false, 98, null)] },
        [("time-entered", "other hours in the PSA")] = seen => seen with { Time = [seen.Time[0] with { Hours = 9 }, .. seen.Time.Skip(1)] },
        [("time-entered", "a deleted line in the PSA")] = seen => seen with { Time = [.. seen.Time, new SeenTime(9, "X-3", 2m, true)] },
        [("approved-hours", "a line missing")] = seen => seen with { Lines = [] },
        [("approved-hours", "a line twice")] = seen => seen with { Lines = [.. seen.Lines, seen.Lines[0]] },
        [("approved-hours", "other hours")] = seen => seen with { Lines = [seen.Lines[0] with { Hours = 1.75m }] },
        [("approved-hours", "another person's")] = seen => seen with { Lines = [seen.Lines[0] with { Person = "Ben Okafor" }] },
        [("approved-hours", "on another day")] = seen => seen with { Lines = [seen.Lines[0] with { Day = "2026-06-18" }] },
        [("approved-hours", "on another task")] = seen => seen with { Lines = [seen.Lines[0] with { Task = "PX-1-DE-02 Delivery" }] },
        [("other-hours", "a line that nobody approved")] = seen => seen with { Lines = [.. seen.Lines, seen.Lines[0] with { Note = "X-2" }] },
        [("other-hours", "a line that was deleted")] = seen => seen with { Lines = [.. seen.Lines, seen.Lines[0] with { Note = "X-3" }] },
        [("ledger", "an hour missing in the ledger")] = seen => seen with { Hubs = seen.Hubs with { LedgerHours = seen.Hubs.LedgerHours - 0.25m } },
        [("ledger", "an hour too many in the ledger")] = seen => seen with { Hubs = seen.Hubs with { LedgerHours = seen.Hubs.LedgerHours + 0.25m } },
        [("rest", "a case is open")] = seen => seen with { Hubs = seen.Hubs with { Open = ["hub-1: 1 casesOpen"] } },
        [("defects", "a defect in a log")] = seen => seen with { Hubs = seen.Hubs with { Defects = ["hub-1: TL2001 defect"] } },
    };

    [Fact]
    public void Should_be_right_where_all_is_there_once() => Assert.Empty(ChaosRun.Wrong(Books, Right()));

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Should_see_the_mistake(string check, string mistake) =>
        Assert.Contains(check, ChaosRun.Wrong(Books, Made[(check, mistake)](Right())).Select(wrong => wrong.Check.Name));

    [Fact]
    public void Should_have_a_mistake_for_every_check()
    {
        var checks = Check.All.Select(check => check.Name).ToArray();
        Assert.Empty(checks.Except(Made.Keys.Select(key => key.Check)));
        // In a run the one for "rest" is a deal that cannot be finished; the ledger lets nobody change it.
        Assert.Equal(["ledger", "rest"], checks.Except(Tampering.All.Select(tampering => tampering.Check)));
        Assert.Empty(Tampering.All.Select(tampering => tampering.Check).Except(checks));
    }

    private static Books Entered()
    {
        var books = new Books("X");
        books.Deals.Enqueue(new ChaosDeal("d1", "Deal X-1", "DE1", HasMilestones: false));
        books.Deals.Enqueue(new ChaosDeal("d2", "Deal X-2", "DE2", HasMilestones: true));
        books.Time["X-1"] = new ChaosTime(1, "X-1", "PX-1-DE-01 Discovery", "Ada Lambert", "2026-06-17", 7.5m, IsApproved: true);
        books.Time["X-2"] = new ChaosTime(2, "X-2", "PX-1-DE-01 Discovery", "Ada Lambert", "2026-06-17", 1m, IsApproved: false);
        books.Time["X-3"] = new ChaosTime(3, "X-3", "PX-2-DE-01 Discovery", "Ada Lambert", "2026-06-17", 2m, IsApproved: true, IsDeleted: true);
        return books;
    }

    private static Seen Right()
    {
        (ChaosDeal Deal, string Code, long Party)[] deals = [.. Books.Deals.Select((deal, i) => (deal, $"PX-{i + 1}", 11L + i))];
        var works = new List<SeenWork>();
        foreach (var (deal, code, party) in deals)
        {
            foreach (var (workstream, tasks) in deal.Parts)
            {
                var project = new SeenWork(works.Count + 1, code + workstream, IsProject: true, null, party);
                works.Add(project);
                works.AddRange(tasks.Select((task, i) => new SeenWork(project.Id + i + 1, code + task, IsProject: false, project.Id, null)));
            }
        }

        return new Seen
        {
            Deals = [.. deals.Select(each => new SeenDeal(each.Deal.Id, "Active", each.Code))],
            Customers = [.. deals.Select(each => each.Party)],
            TaxIds = [.. deals.Select(each => (each.Party + 100, each.Deal.TaxId, each.Party))],
            Projects = [.. deals.Select(each => new SeenPart(each.Code, each.Deal.Name))],
            Issues = [.. deals.SelectMany(each => each.Deal.Parts.SelectMany(part => part.Tasks.Prepend(part.Workstream)).Select(name => new SeenPart("", each.Code + name)))],
            Versions = [.. deals.SelectMany(each => each.Deal.Milestones.Select(name => new SeenPart(each.Code, each.Code + name)))],
            Works = works,
            CostCentres = [.. deals.SelectMany(each => each.Deal.Parts.Select(part => each.Code + part.Workstream[..3]))],
            Time = [new SeenTime(1, "X-1", 7.5m, true), new SeenTime(2, "X-2", 1m, false)],
            Lines = [new SeenLine(1, "X-1", 7.5m, "Ada Lambert", "2026-06-17", "PX-1-DE-01 Discovery")],
            Hubs = new SeenHubs([], [], 7.5m),
        };
    }
}
