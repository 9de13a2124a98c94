using System.Runtime.InteropServices;
using SQLitePCL;

namespace Throughline.Store.Sqlite;

/// <summary>
/// Which SQLite is used. The system's own library is preferred, because the distribution patches it: the one bundled with
/// SQLitePCLRaw 2.0.6 is SQLite 3.35.5, for which CVE-2025-6965 is known.
/// </summary>
internal static class SqliteLibrary
{
    private const string SystemName = "libsqlite3.so.0";

    private static readonly Lazy<string> Loaded = new(Load);

    /// <summary>For example <c>SQLite 3.40.1 (system library)</c>. Loads the library at the first use.</summary>
    public static string Version => Loaded.Value;

    private static string Load()
    {
        var isSystem = NativeLibrary.TryLoad(SystemName, out var handle);
        if (isSystem)
        {
            NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, (name, _, _) => name == "e_sqlite3" ? handle : 0);
        }

        Batteries_V2.Init();
        return $"SQLite {raw.sqlite3_libversion().utf8_to_string()} ({(isSystem ? "system library" : "bundled")})";
    }
}
