namespace Throughline.Simulation.World;

/// <summary>
/// A place in which code runs: one hub process, or the world outside. All code of all rooms runs on one thread, one piece at a time. A room
/// can stand still for a while (a paused machine) and go on, or end at once in the middle of anything (a killed process).
/// </summary>
internal sealed class Room(TheWorld world, string name) : TaskScheduler
{
    private readonly List<Action> _held = [];

    public string Name => name;

    public bool IsDead { get; private set; }

    public bool IsPaused { get; private set; }

    /// <summary>Begins something that goes on by itself in this room.</summary>
    public Task Begin(Func<Task> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    /// <summary>Goes on after some time: never, where the room has ended by then.</summary>
    public Task Wait(TimeSpan delay)
    {
        var over = new TaskCompletionSource();
        world.At(delay, this, over.SetResult);
        return over.Task;
    }

    /// <summary>Nothing of it ever runs again; what it has sent out is on its way all the same.</summary>
    public void Kill()
    {
        IsDead = true;
        _held.Clear();
    }

    public void Pause() => IsPaused = true;

    public void Resume()
    {
        IsPaused = false;
        foreach (var act in _held)
        {
            world.At(TimeSpan.Zero, this, act);
        }

        _held.Clear();
    }

    /// <summary>Runs a piece of this room's code, or keeps it for later, or for never.</summary>
    public void Enter(Action act)
    {
        if (IsDead)
        {
            return;
        }

        if (IsPaused)
        {
            _held.Add(act);
            return;
        }

        act();
    }

    protected override void QueueTask(Task task) => world.At(TimeSpan.Zero, this, () => TryExecuteTask(task));

    // Everything goes through the world's queue, so that the seed decides what comes first.
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}
