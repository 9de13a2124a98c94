using System.Security.Cryptography;
using System.Text;
using Throughline.Engine.Intake;

namespace Throughline.Store;

internal static class IntakeKey
{
    /// <summary>The first 16 bytes of SHA-256 over system, entity and key, apart by NUL, which none of them may hold.</summary>
    public static byte[] Of(IntakeItem item)
    {
        var text = StoredText.Key(item.System) + "\0" + StoredText.Key(item.Entity) + "\0" + StoredText.Key(item.Key);
        return SHA256.HashData(Encoding.UTF8.GetBytes(text))[..16];
    }

    /// <summary>What the sender is told about a key that was there. Where either side carries no fingerprint, a repetition is never a conflict.</summary>
    public static IntakeReceipt Again(IntakeItem item, string? firstFingerprint, Model.EnvelopeId first) =>
        item.Fingerprint is null || firstFingerprint is null || item.Fingerprint == firstFingerprint
            ? new IntakeReceipt(item.Key, IntakeOutcome.Duplicate, first, -1)
            : new IntakeReceipt(item.Key, IntakeOutcome.Conflict, first, -1, firstFingerprint);
}
