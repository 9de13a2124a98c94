using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Throughline.Landscape;

namespace Throughline.Engine.Process;

/// <summary>
/// Definitions by fingerprint. An instance finishes on the definition that it began with, also when a newer release has another one,
/// so every definition that ever started an instance is kept in the store and found here.
/// </summary>
public sealed class DefinitionLibrary
{
    private readonly ConcurrentDictionary<string, ProcessDefinition> _byFingerprint = new(StringComparer.Ordinal);

    public static string FingerprintOf(ProcessDefinition definition) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(definition.Text)).AsSpan(0, 16));

    public void Add(ProcessDefinition definition) => _byFingerprint.TryAdd(FingerprintOf(definition), definition);

    public ProcessDefinition? Find(string fingerprint) => _byFingerprint.GetValueOrDefault(fingerprint);
}
