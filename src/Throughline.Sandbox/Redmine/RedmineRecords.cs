using System.Globalization;
using System.Text.Json.Nodes;

namespace Throughline.Sandbox.Redmine;

/// <summary>A person or an application with an API key.</summary>
internal sealed class RedmineUser
{
    public required int Id { get; init; }

    public required string Login { get; init; }

    public required string FirstName { get; init; }

    public required string LastName { get; init; }

    public bool IsAdmin { get; init; }

    /// <summary>1 active, 2 registered, 3 locked.</summary>
    public int Status { get; set; } = 1;

    public required string Key { get; set; }

    public required DateTimeOffset CreatedOn { get; init; }

    public string Name => $"{FirstName} {LastName}";
}

/// <summary>A custom field; <see cref="Kind"/> is the kind of record that has it: project, issue, version or time_entry.</summary>
internal sealed record RedmineCustomField(int Id, string Kind, string Name, string Format, bool IsFilter, int? LengthMax);

/// <summary>What the kinds of record below have in common.</summary>
internal abstract class RedmineRecord
{
    public required int Id { get; init; }

    public SortedDictionary<int, string?> CustomValues { get; private set; } = [];

    public DateTimeOffset CreatedOn { get; set; }

    public DateTimeOffset UpdatedOn { get; set; }

    /// <summary>A copy to try a change on, since a refused change must leave nothing behind.</summary>
    public RedmineRecord Copy()
    {
        var copy = (RedmineRecord)MemberwiseClone();
        copy.CustomValues = new(CustomValues);
        return copy;
    }
}

internal sealed class RedmineProject : RedmineRecord
{
    public string Name { get; set; } = "";

    public string Identifier { get; set; } = "";

    public string? Description { get; set; }

    public string Homepage { get; set; } = "";

    public int? ParentId { get; set; }

    /// <summary>1 active, 5 closed, 9 archived.</summary>
    public int Status { get; set; } = 1;

    public bool IsPublic { get; set; } = true;

    public bool InheritsMembers { get; set; }
}

internal sealed class RedmineVersion : RedmineRecord
{
    public required int ProjectId { get; init; }

    public string Name { get; set; } = "";

    public string Description { get; set; } = "";

    public string Status { get; set; } = "open";

    public string? DueDate { get; set; }

    public string Sharing { get; set; } = "none";
}

internal sealed class RedmineIssue : RedmineRecord
{
    public int ProjectId { get; set; }

    public int TrackerId { get; set; } = 1;

    public int StatusId { get; set; } = 1;

    public int PriorityId { get; set; } = 2;

    public required int AuthorId { get; init; }

    public int? AssignedToId { get; set; }

    public int? FixedVersionId { get; set; }

    public int? ParentId { get; set; }

    public string Subject { get; set; } = "";

    public string? Description { get; set; }

    public string? StartDate { get; set; }

    public string? DueDate { get; set; }

    public int DoneRatio { get; set; }

    public bool IsPrivate { get; set; }

    public decimal? EstimatedHours { get; set; }

    public DateTimeOffset? ClosedOn { get; set; }

    /// <summary>Never shown, but evaluated when sent.</summary>
    public int LockVersion { get; set; }
}

internal sealed class RedmineMembership : RedmineRecord
{
    public required int ProjectId { get; init; }

    public required int UserId { get; init; }

    public List<int> RoleIds { get; set; } = [];
}

internal sealed class RedmineTimeEntry : RedmineRecord
{
    public int ProjectId { get; set; }

    public int? IssueId { get; set; }

    public int UserId { get; set; }

    public int ActivityId { get; set; }

    public decimal Hours { get; set; }

    public string Comments { get; set; } = "";

    public string SpentOn { get; set; } = "";
}

/// <summary>The attributes that a request sends for one record, with Rails' tolerance for numbers in texts.</summary>
internal sealed class RedmineAttributes(JsonObject attributes)
{
    public bool Has(string name) => attributes.ContainsKey(name);

    public string? Text(string name) => attributes[name] switch
    {
        null => null,
        JsonValue value => value.TryGetValue<string>(out var text) ? text : value.ToString(),
        var other => other.ToJsonString(),
    };

    public int? Whole(string name) =>
        int.TryParse(Text(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole : null;

    public bool Flag(string name) => Text(name) is "true" or "1";

    public IEnumerable<int> Wholes(string name) =>
        attributes[name] is JsonArray list
            ? list.Select(item => int.TryParse(item?.ToString(), CultureInfo.InvariantCulture, out var whole) ? whole : 0)
            : [];

    public IEnumerable<(int Id, string? Value)> CustomFields()
    {
        foreach (var item in (attributes["custom_fields"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (int.TryParse(item["id"]?.ToString(), CultureInfo.InvariantCulture, out var id))
            {
                yield return (id, item["value"]?.ToString());
            }
        }
    }
}
