using System.Globalization;
using System.Text.Json.Nodes;

namespace Throughline.Sandbox.Redmine;

/// <summary>A person or an application with an API key.</summary>
internal sealed record RedmineUser
{
    public required int Id { get; init; }

    public required string Login { get; init; }

    public required string FirstName { get; init; }

    public required string LastName { get; init; }

    public bool IsAdmin { get; init; }

    /// <summary>1 active, 2 registered, 3 locked.</summary>
    public int Status { get; init; } = 1;

    public required string Key { get; init; }

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

    /// <summary>What it is found by, under the name that the API gives to it; null where it has no such attribute.</summary>
    public virtual object? Value(string name) => name switch
    {
        "created_on" => RedmineData.Stamp(CreatedOn),
        "updated_on" => RedmineData.Stamp(UpdatedOn),
        ['c', 'f', '_', .. var field] => CustomValues.GetValueOrDefault(int.Parse(field, CultureInfo.InvariantCulture)) ?? "",
        _ => null,
    };

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

    public override object? Value(string name) => name switch
    {
        "identifier" => Identifier,
        "parent_id" => ParentId,
        _ => base.Value(name),
    };
}

internal sealed class RedmineVersion : RedmineRecord
{
    public required int ProjectId { get; init; }

    public string Name { get; set; } = "";

    public string Description { get; set; } = "";

    public string Status { get; set; } = "open";

    public string? DueDate { get; set; }

    public string Sharing { get; set; } = "none";

    public override object? Value(string name) => name == "project_id" ? ProjectId : base.Value(name);
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

    public override object? Value(string name) => name switch
    {
        "project_id" => ProjectId,
        "assigned_to_id" => AssignedToId,
        "fixed_version_id" => FixedVersionId,
        "parent_id" => ParentId,
        _ => base.Value(name),
    };
}

internal sealed class RedmineMembership : RedmineRecord
{
    public required int ProjectId { get; init; }

    public required int UserId { get; init; }

    public List<int> RoleIds { get; set; } = [];

    public override object? Value(string name) => name switch
    {
        "project_id" => ProjectId,
        "user_id" => UserId,
        _ => base.Value(name),
    };
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

    public override object? Value(string name) => name switch
    {
        "project_id" => ProjectId,
        "issue_id" => IssueId,
        "user_id" => UserId,
        "spent_on" => SpentOn,
        _ => base.Value(name),
    };
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
