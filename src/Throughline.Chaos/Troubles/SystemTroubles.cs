using Throughline.Chaos.Firm;
using Throughline.Sandbox;

namespace Throughline.Chaos.Troubles;

/// <summary>What happens between the hubs and the systems, and to the systems themselves.</summary>
/// <param name="faults">Those of the way that only hubs take to a system.</param>
/// <param name="timeOut">After which a hub gives a call up.</param>
/// <param name="knobAsync">Turns a knob of a stand-in: its own address, and what to send there.</param>
internal sealed class SystemTroubles(IReadOnlyDictionary<string, Faults> faults, TimeSpan timeOut, Func<string, string, string, Task> knobAsync, Announcer announcer)
{
    // People work at the CRM through another door of the same server.
    private const string CrmPath = "/services/";

    public IReadOnlyDictionary<string, Faults> Faults => faults;

    private static readonly Dictionary<string, string> Retry = new(StringComparer.Ordinal) { ["Retry-After"] = "2" };

    /// <param name="areStandIns">PSA and ERP are stand-ins, which have knobs.</param>
    public IEnumerable<Trouble> All(bool areStandIns) =>
    [
        Struck("errors", "one system answers every call with 500", Victim.Systems, (2, 8), new Fault { Kind = FaultKind.Answer, Status = 500 }),
        Struck("throttled", "one system answers every call with 429 and Retry-After", Victim.Systems, (2, 8), new Fault { Kind = FaultKind.Answer, Status = 429, Headers = Retry }),
        Struck("overloaded", "one system answers every call with 503 from the server in front of it", Victim.Systems, (2, 8), new Fault { Kind = FaultKind.Answer, Status = 503 }),
        Struck("slow", "every answer of one system takes 1.5 s longer", Victim.Systems, (3, 10), new Fault { Kind = FaultKind.Latency, DelayMilliseconds = 1_500 }),
        Struck("answers lost", "one system takes what is written and the connection breaks before it can say so", Victim.Systems, (2, 8), Lost(FaultKind.CutAfter)),
        Struck("answers late", "one system takes what is written and answers after the hub has given up", Victim.Systems, (2, 6), Lost(FaultKind.LateAnswer)),
        Struck("answers wrong", "one system takes what is written and says 502", Victim.Systems, (2, 6), Lost(FaultKind.AnswerAfter)),
        Struck("cut before", "the connection to one system breaks before it has seen the call", Victim.Systems, (2, 8), new Fault { Kind = FaultKind.CutBefore }),
        Struck("credentials refused", "the PSA refuses the hubs' key for a while", [Victim.Psa], (1, 4), new Fault { Kind = FaultKind.Answer, Status = 401 }),
        Down(Victim.Crm),
        Down(Victim.Psa),
        Down(Victim.Erp),
        new("all systems down", "no system takes connections", Victim.Systems, (4, 15), _ => DownAllAsync(), _ => ClearAllAsync()) { TakesAll = true },
        Trouble.AtOnce("tokens expired", "every access token of the CRM is invalid from now on", [Victim.Crm],
            _ => knobAsync(Victim.Crm, "/_sandbox/salesforce", "{\"expireTokens\":true}")),
        new("partial batches", "the CRM refuses every third record of a batch", [Victim.Crm], (4, 10),
            _ => knobAsync(Victim.Crm, "/_sandbox/salesforce", "{\"partialBatchEvery\":3}"), _ => knobAsync(Victim.Crm, "/_sandbox/salesforce", "{\"partialBatchEvery\":null}")),
        .. areStandIns ? StandIns() : [],
        Hooks("webhooks lost", "no webhook is sent", HookWeather.Lost),
        Hooks("webhooks doubled", "each webhook comes three times at once, to both hubs", HookWeather.Doubled),
        Hooks("webhooks out of order", "after each webhook comes the one of the state before", HookWeather.Disordered),
    ];

    /// <summary>Ends whatever is left of them.</summary>
    public Task ClearAllAsync()
    {
        foreach (var each in faults.Values)
        {
            each.Clear();
        }

        return Task.CompletedTask;
    }

    private IEnumerable<Trouble> StandIns() =>
    [
        Trouble.AtOnce("sessions ended", "every session of the ERP is ended", [Victim.Erp], _ => knobAsync(Victim.Erp, "/_sandbox/tryton/expire-sessions", "")),
        // A line that somebody really changed by hand is another matter: there a person is asked.
        Trouble.AtOnce("writes collide", "the next four writes to the ERP collide with others in its database and are rolled back", [Victim.Erp],
            _ => knobAsync(Victim.Erp, "/_sandbox/tryton/serialization?times=4", "")),
    ];

    private Fault[] Lost(FaultKind kind) =>
    [
        .. new[] { "POST", "PUT", "PATCH", "DELETE" }.Select(method => new Fault
        {
            Kind = kind, Method = method, Status = 502, DelayMilliseconds = (int)timeOut.TotalMilliseconds + 500,
        }),
    ];

    private Trouble Struck(string name, string says, string[] victims, (double, double) seconds, params Fault[] what) =>
        new(name, says, victims, seconds, system => StrikeAsync(system, what), ClearAsync);

    private Trouble Down(string system) => new($"{system} down", $"the {system} takes no connections", [system], (3, 12), DownAsync, ClearAsync);

    private Task DownAsync(string system) => StrikeAsync(system, new Fault { Kind = FaultKind.CutBefore });

    private async Task DownAllAsync()
    {
        foreach (var system in Victim.Systems)
        {
            await DownAsync(system);
        }
    }

    private Task StrikeAsync(string system, params Fault[] what)
    {
        foreach (var fault in what)
        {
            // Tryton speaks by POST alone, also where nothing is written.
            string?[] bodies = system == Victim.Erp && fault.Method is not null ? [".create", ".write", ".delete"] : [null];
            foreach (var body in bodies)
            {
                faults[system].Add(fault with { Path = system == Victim.Crm ? CrmPath : null, BodyContains = body });
            }
        }

        return Task.CompletedTask;
    }

    private Task ClearAsync(string system)
    {
        faults[system].Clear();
        return Task.CompletedTask;
    }

    private Trouble Hooks(string name, string says, HookWeather weather) => new(name, says, [Victim.Hooks], (5, 15), _ => SetAsync(weather), _ => SetAsync(HookWeather.Fair));

    private Task SetAsync(HookWeather weather)
    {
        announcer.Weather = weather;
        return Task.CompletedTask;
    }
}
