using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Throughline.Landscape;

namespace Throughline.Engine.Process;

/// <summary>
/// Definitions by fingerprint, as the landscapes that this hub has worked under declared them. An instance goes on with the definition that
/// it began with as long as the hub knows it; after a restart under a newer release it goes on with the current one and says so.
/// </summary>
public sealed class DefinitionLibrary
{
    private readonly ConcurrentDictionary<string, ProcessDefinition> _byFingerprint = new(StringComparer.Ordinal);

    public static string FingerprintOf(ProcessDefinition definition) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(definition.Text)).AsSpan(0, 16));

    public void Add(ProcessDefinition definition) => _byFingerprint.TryAdd(FingerprintOf(definition), definition);

    public ProcessDefinition? Find(string fingerprint) => _byFingerprint.GetValueOrDefault(fingerprint);
}
