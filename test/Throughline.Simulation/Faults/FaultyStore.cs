using Throughline.Engine;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Faults;

/// <summary>What becomes of one call to the store.</summary>
internal enum StoreFate
{
    Works,

    /// <summary>The connection is lost before anything has happened.</summary>
    UnavailableBefore,

    /// <summary>It is committed, and then the connection is lost: the caller cannot know.</summary>
    UnavailableAfter,

    /// <summary>The hub dies before the commit.</summary>
    CrashBefore,

    /// <summary>It is committed and the hub dies before it knows.</summary>
    CrashAfter,

    /// <summary>The hub stands still before the commit and goes on later, when another one may have taken over.</summary>
    PauseBefore,

    /// <summary>The same after the commit.</summary>
    PauseAfter,
}

/// <summary>The store as one hub sees it: it takes time, it fails, and the hub may die or stand still in the middle of any call.</summary>
internal sealed class FaultyStore(IHubStore inner, TheWorld world, Room room, FaultPlan plan, Action<StoreFate> happens) : StoreDecorator(inner)
{
    protected override async Task<T> Call<T>(string name, bool writes, Func<Task<T>> act)
    {
        var fate = plan.OfStore(writes);
        await room.Wait(plan.StoreTime());
        if (fate != StoreFate.Works)
        {
            world.Trace.Note(room.Name, $"store: {name}: {fate}");
        }

        await HappenAsync(fate, StoreFate.CrashBefore, StoreFate.PauseBefore);
        if (fate == StoreFate.UnavailableBefore)
        {
            throw Unavailable();
        }

        var result = await act();
        await HappenAsync(fate, StoreFate.CrashAfter, StoreFate.PauseAfter);
        if (fate == StoreFate.UnavailableAfter)
        {
            throw Unavailable();
        }

        return result;
    }

    private async Task HappenAsync(StoreFate fate, StoreFate crash, StoreFate pause)
    {
        if (fate == crash || fate == pause)
        {
            happens(fate);
            // In a room that is dead or stands still this is where it ends, or rests.
            await room.Wait(TimeSpan.Zero);
        }
    }

    private static StoreUnavailableException Unavailable() => new("the connection to the store was lost (simulated)", new IOException("connection reset"));
}
