namespace Throughline.Chaos.Troubles;

/// <summary>A kind of fault that strikes at random.</summary>
/// <param name="Says">What it is, for the report.</param>
/// <param name="Victims">Of which one is drawn, or all where <see cref="TakesAll"/>; nothing else strikes a victim meanwhile.</param>
/// <param name="Seconds">How long it lasts, at least and at most; 0 for what is over at once.</param>
internal sealed record Trouble(string Name, string Says, string[] Victims, (double Least, double Most) Seconds, Func<string, Task> BeginAsync, Func<string, Task> EndAsync)
{
    public bool TakesAll { get; init; }

    public static Trouble AtOnce(string name, string says, string[] victims, Func<string, Task> strikeAsync) =>
        new(name, says, victims, (0, 0), strikeAsync, _ => Task.CompletedTask);
}

/// <summary>What there is to strike.</summary>
internal static class Victim
{
    public const string First = "hub-1";
    public const string Second = "hub-2";
    public const string Postgres = "PostgreSQL";
    public const string Rabbit = "RabbitMQ";
    public const string Crm = "CRM";
    public const string Psa = "PSA";
    public const string Erp = "ERP";
    public const string Hooks = "webhooks";

    public static readonly string[] Hubs = [First, Second];

    public static readonly string[] Systems = [Crm, Psa, Erp];
}
