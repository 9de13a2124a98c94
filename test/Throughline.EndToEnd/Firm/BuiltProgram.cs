using Throughline.Conformance;

namespace Throughline.EndToEnd.Firm;

/// <summary>The program of these sources, as the build left it.</summary>
internal static class BuiltProgram
{
    public static string Path { get; } = System.IO.Path.Combine(RepositoryFolder.Find(), "artifacts", "bin", "Throughline.Server", "debug", "throughline");
}
