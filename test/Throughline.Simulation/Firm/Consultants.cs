using System.Globalization;
using Throughline.Connect;
using Throughline.Model;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Firm;

/// <summary>
/// The people who book time in the PSA: approved or not, changed after the approval, moved to other tasks and projects, deleted; on projects that
/// the hub does not know yet or never will, on no task, by somebody whom nobody knows, and all at once on a Friday evening.
/// </summary>
internal sealed class Consultants
{
    private const string Stranger = "Zoe Stranger";
    private static readonly string[] Staff = ["Ada Lambert", "Ben Okafor", "Ada Lambert", "Ben Okafor", "Chi Tanaka"];

    private readonly TheWorld _world;
    private readonly Systems _systems;
    private readonly Random _chance;
    private readonly Dictionary<int, int> _revisions = [];
    private string _inside = "";

    public Consultants(TheWorld world, Systems systems)
    {
        (_world, _systems) = (world, systems);
        _chance = world.Chance("consultants");
        systems.Psa.Happened = effect =>
        {
            if (effect is { Entity: Psa.Project, Operation: WriteOperation.Create } && _chance.Next(2) == 0)
            {
                // Somebody sees the new project before the hub does.
                world.Later(TimeSpan.FromMilliseconds(_chance.Next(3_000)), () => Book(effect.Id, null));
            }
        };
        systems.Psa.Objected = item =>
        {
            if (item is { Operation: WriteOperation.Undo, ExternalId: { } id })
            {
                world.Later(TimeSpan.FromSeconds(_chance.Next(10)), () => ClearAway(item.Entity, id));
            }
        };
    }

    public void Begin(TimeSpan busy)
    {
        // Nobody sold it, so the hub never knows it.
        _inside = _systems.Psa.Apply(
            [new WriteItem("inside", Psa.Project, WriteOperation.Create, null, null, Fields.Of(("identifier", "inside"), ("name", "Inside"), ("description", "")))],
            _world.Now)[0].ExternalId!;
        for (var left = 6 + _chance.Next(10); left > 0; left--)
        {
            var at = busy * (0.15 + (0.85 * _chance.NextDouble()));
            _world.Later(at, () => PlanEdits(BookSomewhere(), busy - at));
        }

        var friday = busy * (0.5 + (0.5 * _chance.NextDouble()));
        for (var left = _chance.Next(10); left > 0; left--)
        {
            _world.Later(friday + TimeSpan.FromMilliseconds(_chance.Next(200)), () => BookSomewhere());
        }
    }

    /// <summary>When the trouble is over most of what is wrong is corrected; some of it never is.</summary>
    public void TidyUp()
    {
        if (_chance.Next(10) < 8)
        {
            _systems.Erp.Employees.Add("E-003");
        }

        foreach (var line in _systems.Time.All.Where(line => !line.IsDeleted && _chance.Next(10) < 8).ToArray())
        {
            if (line.Person == Stranger)
            {
                Change(line.Id, Fields.Of(("user", Fields.Of(("name", Staff[0])))));
            }

            if (line.Fields.Number("hours") > 24)
            {
                Change(line.Id, Fields.Of(("hours", 8m)));
            }

            if (!_systems.Psa.IsTask(line.Issue))
            {
                Move(line.Id);
            }
        }
    }

    private int BookSomewhere() => (_chance.Next(12), SomeTask()) switch
    {
        (0, _) => Book(_inside, null),
        (1, { } task) => Book(ProjectOf(task), null),
        (_, { } task) => Book(ProjectOf(task), task.Id),
        _ => Book(_inside, null),
    };

    private int Book(string project, string? issue)
    {
        var number = _revisions.Count + 1;
        var person = _chance.Next(12) == 0 ? Stranger : Staff[_chance.Next(Staff.Length)];
        var id = _systems.Time.Book(Fields.Of(
            ("project", Ref(project)), ("issue", issue is null ? null : Ref(issue)), ("user", Fields.Of(("name", person))),
            ("spent_on", FormattableString.Invariant($"2026-11-{1 + _chance.Next(20):00}")), ("hours", _chance.Next(15) == 0 ? 30m : SomeHours()),
            ("comments", FormattableString.Invariant($"T{number} r1")), ("custom_fields", Approval(_chance.Next(10) < 7))));
        _revisions[id] = 1;
        return id;
    }

    private void PlanEdits(int id, TimeSpan time)
    {
        for (var left = _chance.Next(4); left > 0; left--)
        {
            // Now and then twice at once, so that the second overtakes what became of the first.
            var at = time * _chance.NextDouble();
            for (var times = _chance.Next(4) == 0 ? 2 : 1; times > 0; times--)
            {
                _world.Later(at + TimeSpan.FromMilliseconds(_chance.Next(500)), () => Edit(id));
            }
        }
    }

    private void Edit(int id)
    {
        if (_systems.Time.Find(id).IsDeleted)
        {
            return;
        }

        switch (_chance.Next(8))
        {
            case 0:
                _systems.Time.Delete(id);
                break;
            case 1:
                Change(id, Fields.Of(("custom_fields", Approval(false))));
                break;
            case 2 or 3:
                Change(id, Fields.Of(("custom_fields", Approval(true))));
                break;
            case 4 or 5:
                Move(id);
                break;
            case 6:
                Change(id, Fields.Of(("user", Fields.Of(("name", Staff[_chance.Next(Staff.Length)])))));
                break;
            default:
                Change(id, Fields.Of(("hours", SomeHours())));
                break;
        }
    }

    private void Move(int id)
    {
        if (SomeTask() is { } task)
        {
            Change(id, Fields.Of(("project", Ref(ProjectOf(task))), ("issue", Ref(task.Id))));
        }
    }

    // What is to be deleted has time on it: that is moved inside, or deleted.
    private void ClearAway(string entity, string id)
    {
        foreach (var line in _systems.Psa.TimeOn(entity, id).ToArray())
        {
            if (_chance.Next(2) == 0)
            {
                _systems.Time.Delete(line.Id);
            }
            else
            {
                Change(line.Id, Fields.Of(("project", Ref(_inside)), ("issue", null)));
            }
        }
    }

    private void Change(int id, Fields fields)
    {
        var revision = ++_revisions[id];
        _systems.Time.Change(id, fields.With("comments", FormattableString.Invariant($"{_systems.Time.Find(id).Name} r{revision}")));
    }

    private (string Id, Fields Fields)? SomeTask()
    {
        var tasks = _systems.Psa.All(Psa.Issue).Where(issue => _systems.Psa.IsTask(issue.Id)).ToArray();
        return tasks.Length == 0 ? null : tasks[_chance.Next(tasks.Length)];
    }

    private string ProjectOf((string Id, Fields Fields) task) => _systems.Psa.ProjectOf(_systems.Psa.IdentifierIn(task.Fields))!;

    private decimal SomeHours() => 0.25m * (1 + _chance.Next(32));

    private static Fields Approval(bool isApproved) => Fields.Of(("Approved", isApproved ? "1" : "0"));

    private static Fields Ref(string id) => Fields.Of(("id", long.Parse(id, CultureInfo.InvariantCulture)));
}
