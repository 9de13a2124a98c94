using Throughline.Model;

namespace Throughline.Server.Cli;

/// <summary>
/// Ids of cases and process instances by their first letters. The hub's API takes whole ids only; here every page of the list is read, so that
/// "unique" means unique among all of them.
/// </summary>
internal static class IdPrefix
{
    private const int LengthMin = 6;
    private const int WholeLength = 32;
    private const int ListedMax = 10;

    /// <summary>A text that may be the beginning of an id, or a whole one.</summary>
    public static bool MayBe(string text) => text.Length is >= LengthMin and <= WholeLength && text.All(char.IsAsciiHexDigit);

    /// <summary>The whole id of the case that is meant.</summary>
    /// <exception cref="CommandFailedException">No case or several begin so, or the text cannot begin an id.</exception>
    public static async Task<string> CaseAsync(HubClient hub, string text, CancellationToken cancellation)
    {
        if (!MayBe(text))
        {
            throw new CommandFailedException($"'{text}' is not the id of a case: type the id that 'throughline cases list --status all' shows, or at least its first "
                + $"{LengthMin} characters.");
        }

        return text.Length == WholeLength ? text.ToLowerInvariant() : One("case", text, await CasesAsync(hub, text, cancellation))
            ?? throw new CommandFailedException($"No case has an id that begins with '{text}'; 'throughline cases list --status all' shows them.");
    }

    /// <summary>The whole id of the case or process instance that is meant; null where none begins so.</summary>
    /// <exception cref="CommandFailedException">Several begin so.</exception>
    public static async Task<string?> CaseOrInstanceAsync(HubClient hub, string text, CancellationToken cancellation) => One("case or process instance", text,
    [
        .. await CasesAsync(hub, text, cancellation),
        .. await MatchesAsync(hub, "/api/v1/instances?", "instances", item => $"{item.Text("process")} {item.Text("summary")}, {item.Text("status")}", text, cancellation),
    ]);

    private static Task<List<(string Id, string Says)>> CasesAsync(HubClient hub, string text, CancellationToken cancellation) =>
        MatchesAsync(hub, "/api/v1/cases?status=all&", "cases", item => $"{item.Text("queue")}: {item.Text("subject")}, {item.Text("status")}", text, cancellation);

    private static string? One(string what, string text, List<(string Id, string Says)> found) => found.Count switch
    {
        0 => null,
        1 => found[0].Id,
        _ => throw new CommandFailedException(CaseText.Clean($"More than one {what} begins with '{text}'; type more of the id:\n"
            + string.Join('\n', found.Take(ListedMax).Select(each => $"  {each.Id}  {each.Says}")) + (found.Count > ListedMax ? "\n  and more" : ""))),
    };

    private static async Task<List<(string Id, string Says)>> MatchesAsync(
        HubClient hub, string path, string list, Func<Fields, string> says, string text, CancellationToken cancellation)
    {
        var found = new List<(string, string)>();
        for (string? after = ""; after is not null;)
        {
            var page = (await hub.GetAsync($"{path}max=500&after={after}", cancellation)).Need();
            found.AddRange(page.NestedList(list).Where(item => item.Text("id")!.StartsWith(text, StringComparison.OrdinalIgnoreCase))
                .Select(item => (item.Text("id")!, says(item))));
            after = page.Text("next");
        }

        return found;
    }
}
