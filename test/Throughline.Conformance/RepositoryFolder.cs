namespace Throughline.Conformance;

/// <summary>Where the repository is, seen from a built test.</summary>
public static class RepositoryFolder
{
    public static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Throughline.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("the tests are not below the repository's folder");
    }
}
