using Throughline.Chaos.Firm;
using Throughline.Chaos.Troubles;

namespace Throughline.Chaos.Count;

/// <summary>Looks each second how much of the work is done, from outside: for whoever watches, and for how long nothing moved.</summary>
internal sealed class Pulse(Books books, CrmDoor crm, RedmineDoor psa, TrytonDoor erp, Func<TimeSpan, IReadOnlyList<Strike>> strikes, TimeProvider time)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, (long Won, TimeSpan? Took)> _deals = new(StringComparer.Ordinal);
    private (int, int, int) _done;
    private long _doneAt = time.GetTimestamp();
    private long _pauseFrom = time.GetTimestamp();

    public int Active { get; private set; }

    /// <summary>Lines of time in the ERP.</summary>
    public int Lines { get; private set; }

    /// <summary>All that people want done is done, as far as counting tells.</summary>
    public bool IsDone => Active == books.Deals.Count && Lines == books.Counting.Count;

    /// <summary>The longest time in which nothing was done although there was something to do.</summary>
    public TimeSpan LongestPause { get; private set; }

    /// <summary>Since when nothing has been done.</summary>
    public TimeSpan Still => time.GetElapsedTime(_doneAt);

    /// <summary>What struck meanwhile.</summary>
    public string DuringLongestPause { get; private set; } = "";

    /// <summary>From "won" to "active", of each deal that is.</summary>
    public IReadOnlyList<TimeSpan> Took => [.. _deals.Values.Select(deal => deal.Took).OfType<TimeSpan>().Order()];

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await LookAsync();
            await Task.WhenAny(Task.Delay(LookEvery, time, stop));
        }
    }

    private async Task LookAsync()
    {
        foreach (var deal in books.Deals)
        {
            _deals.TryAdd(deal.Id, (time.GetTimestamp(), null));
        }

        var hadNothingToDo = IsDone;
        var active = (await crm.AllAsync("Opportunity")).Where(row => (string?)row["Hub_Status__c"] == "Active").Select(row => (string)row["Id"]!).ToArray();
        Lines = await erp.CountAsync("timesheet.line", "description", "like", books.Mark + "-%");
        var done = (Active = active.Length, Lines, await psa.CountAsync("/issues.json?status_id=*", "issues"));
        foreach (var id in active.Where(id => _deals.TryGetValue(id, out var deal) && deal.Took is null))
        {
            _deals[id] = (_deals[id].Won, time.GetElapsedTime(_deals[id].Won));
        }

        var now = time.GetTimestamp();
        var pause = time.GetElapsedTime(_pauseFrom, now);
        if (done != _done || hadNothingToDo)
        {
            (_pauseFrom, _doneAt) = (now, done == _done ? _doneAt : now);
            _done = done;
        }
        else if (pause > LongestPause)
        {
            LongestPause = pause;
            DuringLongestPause = string.Join(", ", strikes(pause).Select(strike => strike.ToString()).Distinct(StringComparer.Ordinal));
        }
    }
}
