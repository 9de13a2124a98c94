using System.Diagnostics;
using System.Globalization;

namespace Throughline.EndToEnd.Database;

/// <summary>A file system of a few megabytes that a test may fill to the last byte.</summary>
internal sealed class SmallDisk : IDisposable
{
    /// <summary>Why a test that needs one is left out where it cannot be made.</summary>
    public const string Needed = "needs a file system of its own that it may fill, and so the right to mount one (root, as in CI)";

    private const string Ballast = "ballast";

    private SmallDisk(string folder) => Folder = folder;

    public static bool CanBeMade { get; } = Try();

    public string Folder { get; }

    public static SmallDisk Make(int megabytes)
    {
        var folder = Path.Combine(Path.GetTempPath(), "throughline-disk-" + Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N"));
        Directory.CreateDirectory(folder);
        Run("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m,mode=755"), "throughline-test", folder);
        return new SmallDisk(folder);
    }

    /// <summary>Somebody else's file takes what is left.</summary>
    public void Fill()
    {
        using var file = new FileStream(Path.Combine(Folder, Ballast), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        var piece = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(piece);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void MakeRoom() => File.Delete(Path.Combine(Folder, Ballast));

    public void Dispose()
    {
        Run("umount", "-l", Folder);
        Directory.Delete(Folder);
    }

    private static bool Try()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return false;
        }

        try
        {
            Make(1).Dispose();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new IOException($"{program} {string.Join(' ', arguments)}: {said}");
        }
    }
}
