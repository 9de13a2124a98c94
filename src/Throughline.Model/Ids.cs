using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Throughline.Model;

/// <summary>The id of one durable message, minted where it enters the hub.</summary>
public readonly record struct EnvelopeId(Guid Value)
{
    public static EnvelopeId New(TimeProvider time) => new(Guid.CreateVersion7(time.GetUtcNow()));

    public override string ToString() => Value.ToString("N");
}

/// <summary>The id of one command, derived from what it is for, so that deciding twice yields the same id.</summary>
public readonly record struct CommandId(Guid Value)
{
    public static CommandId Derive(params ReadOnlySpan<string> parts) => new(DerivedId.Of(parts));

    public static CommandId Parse(string text) => new(Guid.Parse(text));

    public override string ToString() => Value.ToString("N");
}

/// <summary>The id of one run of a process.</summary>
public readonly record struct InstanceId(Guid Value)
{
    public static InstanceId Derive(params ReadOnlySpan<string> parts) => new(DerivedId.Of(parts));

    public static InstanceId Parse(string text) => new(Guid.Parse(text));

    public override string ToString() => Value.ToString("N");
}

/// <summary>The id of one case.</summary>
public readonly record struct CaseId(Guid Value)
{
    public static CaseId Derive(params ReadOnlySpan<string> parts) => new(DerivedId.Of(parts));

    public static CaseId Parse(string text) => new(Guid.Parse(text));

    public override string ToString() => Value.ToString("N");
}

/// <summary>
/// The id of one entry (a line of time, an expense): made of what its system says of it, so that it is the same each time the entry comes. Those
/// made at about the same time lie beside each other, which keeps the part of an index that is in use small however long the history.
/// </summary>
public readonly record struct EntryId(Guid Value)
{
    private const int TimeBytes = 6;

    /// <param name="createdAt">When the entry was made in its system, to the second; it must never change. Null where the system does not say.</param>
    public static EntryId Of(string system, string entity, string externalId, DateTimeOffset? createdAt)
    {
        var hashed = DerivedId.Of([system, entity, externalId]);
        if (createdAt is not { } at)
        {
            return new EntryId(hashed);
        }

        Span<byte> bytes = stackalloc byte[16];
        hashed.TryWriteBytes(bytes, bigEndian: true, out _);
        Span<byte> time = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(time, Math.Max(0, at.ToUnixTimeSeconds()) * 1000);
        time[^TimeBytes..].CopyTo(bytes);
        return new EntryId(new Guid(bytes, bigEndian: true));
    }

    public static EntryId Parse(string text) => new(Guid.Parse(text));

    public override string ToString() => Value.ToString("D");
}

/// <summary>
/// The unit of single-writer ordering: an engagement, or one kind of master record whose match keys do not hash
/// (all customers, all project codes), written <c>kind:key</c>.
/// </summary>
public readonly record struct Scope(string Kind, string Key)
{
    /// <summary>How many partitions every store has; part of the store's format, so never changed in place.</summary>
    public const int PartitionCount = 64;

    public const string EngagementKind = "engagement";

    public static Scope Engagement(string key) => new(EngagementKind, key);

    /// <summary>The one scope in which all records of a master entity are found or created.</summary>
    public static Scope Master(string entity) => new(entity, "*");

    public static Scope Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0
            ? new Scope(text[..colon], text[(colon + 1)..])
            : throw new FormatException($"'{text}' is not a scope; write kind:key, such as engagement:006Ab");
    }

    /// <summary>First 8 bytes of SHA-256 over kind and key, modulo the number of partitions.</summary>
    public int Partition
    {
        get
        {
            // Asked for again and again, for the few scopes that are at work.
            ref var known = ref Known[(uint)GetHashCode() % (uint)Known.Length];
            if (known is not { } entry || entry.Scope != this)
            {
                known = entry = new Placed(this, PartitionOf(Kind + "\n" + Key));
            }

            return entry.Partition;
        }
    }

    private static readonly Placed?[] Known = new Placed?[4096];

    private static int PartitionOf(string text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        return (int)(BinaryPrimitives.ReadUInt64BigEndian(hash) % PartitionCount);
    }

    private sealed record Placed(Scope Scope, int Partition);

    public override string ToString() => Kind + ":" + Key;
}

internal static class DerivedId
{
    /// <summary>A UUID (version 8) from SHA-256 over length-prefixed parts, so that no two lists of parts collide by concatenation.</summary>
    public static Guid Of(ReadOnlySpan<string> parts)
    {
        var size = 0;
        foreach (var part in parts)
        {
            size += sizeof(int) + Encoding.UTF8.GetByteCount(part);
        }

        var bytes = size <= 512 ? stackalloc byte[size] : new byte[size];
        var rest = bytes;
        foreach (var part in parts)
        {
            var length = Encoding.UTF8.GetBytes(part, rest[sizeof(int)..]);
            BinaryPrimitives.WriteInt32BigEndian(rest, length);
            rest = rest[(sizeof(int) + length)..];
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, digest);
        var id = digest[..16];
        id[6] = (byte)((id[6] & 0x0F) | 0x80);
        id[8] = (byte)((id[8] & 0x3F) | 0x80);
        return new Guid(id, bigEndian: true);
    }
}
