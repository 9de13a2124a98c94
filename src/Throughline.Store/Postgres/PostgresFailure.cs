using System.Net.Sockets;
using Npgsql;
using Throughline.Engine;

namespace Throughline.Store.Postgres;

internal static class PostgresFailure
{
    /// <summary>Raised by our own functions, see Migrations.</summary>
    public const string Fenced = "TL001";

    /// <summary>Raised by our own functions; the message is the place of the row.</summary>
    public const string CrosswalkConflict = "TL002";

    /// <summary>Raised by our own functions: a cursor points beyond the end of its stream.</summary>
    public const string CursorBeyondEnd = "TL003";

    /// <summary>Raised by our own functions: a command already has a terminal outcome.</summary>
    public const string Disputed = "TL004";

    /// <summary>Raised by our own functions; the message is the release and the name of a hub that works with another release.</summary>
    public const string OtherRelease = "TL005";

    /// <summary>Raised by our own functions: money would not be conserved; the message says where.</summary>
    public const string Unbalanced = "TL006";

    /// <summary>The failure in the words of the port, or null where it is a defect of the program.</summary>
    public static StoreUnavailableException? Translate(Exception failure, string where) => failure switch
    {
        PostgresException refused when IsUnavailable(refused.SqlState) => new StoreUnavailableException(
            $"{where} cannot commit: {refused.MessageText} ({refused.SqlState}). Nothing was acknowledged.", failure),
        PostgresException => null,
        NpgsqlException or SocketException or IOException or TimeoutException => new StoreUnavailableException(
            $"{where} cannot be reached or the connection was lost: {failure.Message}. Nothing was acknowledged.", failure),
        _ => null,
    };

    /// <summary>
    /// The store is there, and what is to be written cannot be kept by it: data exceptions (a character that the encoding lacks, a number out of range) and
    /// limits of the program (a key too long for its index), https://www.postgresql.org/docs/15/errcodes-appendix.html.
    /// </summary>
    public static bool IsAboutContent(PostgresException refused) => refused.SqlState[..2] is "22" or "54";

    // https://www.postgresql.org/docs/15/errcodes-appendix.html: connection, wrong database or password, resources, operator intervention,
    // system errors; transactions that were ended by a deadlock, a time-out or a read-only standby succeed when repeated.
    private static bool IsUnavailable(string state) =>
        state[..2] is "08" or "28" or "53" or "57" or "58" or "XX" || state is "3D000" or "40001" or "40P01" or "25P03" or "25006" or "55P03";
}
