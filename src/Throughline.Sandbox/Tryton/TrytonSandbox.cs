using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Throughline.Sandbox.Tryton;

/// <summary>
/// Stands in for Tryton 6.0's JSON-RPC server: sessions, typed JSON, error texts, uniqueness, optimistic locking, the modules the hub uses.
/// Records can be seeded and counted in process or over <c>/_sandbox/records/{model}</c>, see <see cref="TrytonDoors"/>; each call there is a transaction
/// like any other.
/// </summary>
public sealed class TrytonSandbox : SandboxServer
{
    public const string Database = "tryton";
    public const string User = "hub";
    public const string Password = "hub-password-1";

    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock _gate = new();
    private readonly TrytonStore _store;
    private readonly TrytonQuery _query;
    private readonly TrytonSessions _sessions;
    private int _serializationFailures;
    private int _concurrencyFailures;
    private int _warnings;

    /// <param name="time">The server's clock. Default: the system's.</param>
    /// <param name="firstId">The least id of what is made later, see <see cref="FirstIds"/>; the seeded firm begins at 1.</param>
    public TrytonSandbox(TimeProvider? time = null, int firstId = 1)
    {
        _store = new TrytonStore(time ?? TimeProvider.System);
        _query = new TrytonQuery(_store);
        _sessions = new TrytonSessions(time ?? TimeProvider.System, User, Password);
        TrytonSeed.Fill(this);
        _store.FirstId = firstId;
    }

    public override string Name => "tryton";

    /// <summary>Creates a record from values as they travel (plain ones, or typed JSON where the field needs it) and returns its id.</summary>
    public long Insert(string model, JsonObject values) => InTransaction(() => _store.Create(model, AsSent(values), Context()));

    public void Change(string model, long id, JsonObject values) => InTransaction(() =>
    {
        _store.Write(model, [id], AsSent(values), Context());
        return 0;
    });

    public void Remove(string model, long id) => InTransaction(() =>
    {
        _store.Delete(model, [id]);
        return 0;
    });

    /// <summary>The customer pays an invoice: some of what is due, or all of it.</summary>
    public void Pay(long invoice, decimal? amount = null) => OnInvoice(invoice, () => TrytonPayments.Pay(_store, invoice, amount, Context()));

    /// <summary>The last payment of an invoice is taken back, as when the bank returns it.</summary>
    public void Unpay(long invoice) => OnInvoice(invoice, () => TrytonPayments.Unpay(_store, invoice, Context()));

    /// <summary>What is still due of an invoice is written off.</summary>
    public void WriteOff(long invoice) => OnInvoice(invoice, () => TrytonPayments.WriteOff(_store, invoice, Context()));

    /// <summary>All records of a model with their stored fields and an invoice's amounts: dates as ISO texts, decimals and durations (seconds) as
    /// numbers.</summary>
    public JsonArray Records(string model)
    {
        lock (_gate)
        {
            var table = _store.Table(_store.Model(model).Name);
            return new JsonArray([.. table.Ids.Select(id =>
            {
                var plain = new JsonObject { ["id"] = id };
                foreach (var (name, value) in table.Find(id)!.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    plain[name] = TrytonWire.Plain(value);
                }

                foreach (var field in _store.Model(model).Fields.Keys.Where(field => TrytonAccounting.IsComputed(model, field)))
                {
                    plain[field] = TrytonWire.Plain(TrytonAccounting.Computed(_store, model, id, field));
                }

                return plain;
            })]);
        }
    }

    /// <summary>Ends every session, as a restart or a changed password does.</summary>
    public void ExpireSessions() => _sessions.Clear();

    /// <summary>The next writes that change records fail as if somebody else had changed them.</summary>
    public void FailNextWritesWithConcurrency(int times = 1) => Interlocked.Exchange(ref _concurrencyFailures, times);

    /// <summary>The next calls that write meet "could not serialize access" and are rolled back.</summary>
    public void FailNextWritesWithSerialization(int times = 1) => Interlocked.Exchange(ref _serializationFailures, times);

    /// <summary>The next calls that write ask a person to confirm.</summary>
    public void WarnOnNextWrites(int times = 1) => Interlocked.Exchange(ref _warnings, times);

    /// <summary>Gives a field another name, as a new version of a module may.</summary>
    public void RenameField(string model, string field, string to)
    {
        lock (_gate)
        {
            var old = _store.Model(model);
            _store.Models[model] = old with { Fields = old.Fields.Remove(field).Add(to, old.Field(field) with { Name = to }) };
        }
    }

    protected override void Map(WebApplication application)
    {
        application.Use(async (context, next) =>
        {
            // The real server keeps no connection alive.
            context.Response.Headers.Connection = "close";
            await next(context);
        });
        TrytonDoors.Map(application, this);
        application.MapPost("/", context => CallAsync(context, null));
        application.MapPost("/{database}/", (HttpContext context, string database) => CallAsync(context, database));
        application.MapFallback(context => TrytonPages.WriteAsync(context, HttpMethods.IsPost(context.Request.Method) ? 404 : 405));
    }

    private async Task CallAsync(HttpContext context, string? database)
    {
        JsonObject? call;
        try
        {
            call = await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted) as JsonObject;
        }
        catch (JsonException)
        {
            call = null;
        }

        if (call?["method"] is not JsonValue methodNode || call["params"] is not JsonArray parameters
            || context.Request.ContentType?.Contains("json", StringComparison.Ordinal) != true)
        {
            await TrytonPages.WriteAsync(context, 500);
            return;
        }

        var method = (string)methodNode!;
        if (method == "common.server.version" && database is null)
        {
            await AnswerAsync(context, call, "6.0.29", null);
        }
        else if (method == "common.db.login")
        {
            await LoginAsync(context, database, call, parameters);
        }
        else if (!_sessions.Accepts(context.Request.Headers.Authorization))
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"Tryton\"";
        }
        else if (method == "model.account.invoice.post" && !_sessions.IsFresh(context.Request.Headers.Authorization))
        {
            await TrytonPages.WriteAsync(context, 401);
        }
        else
        {
            await ModelAsync(context, call, method, parameters);
        }
    }

    private async Task LoginAsync(HttpContext context, string? database, JsonObject call, JsonArray parameters)
    {
        if (database != Database)
        {
            await TrytonPages.WriteAsync(context, 404);
            return;
        }

        var login = (string?)parameters[0] ?? "";
        if (parameters[1]?["password"] is not { } password)
        {
            await AnswerAsync(context, call, null, ["LoginException", new JsonArray("password", $"Password for {login}", "password")]);
            return;
        }

        var (status, session) = _sessions.Login(login, (string?)password);
        if (session is null)
        {
            await TrytonPages.WriteAsync(context, status);
            return;
        }

        await AnswerAsync(context, call, new JsonArray(TrytonSessions.UserId, session), null);
    }

    private async Task ModelAsync(HttpContext context, JsonObject call, string method, JsonArray parameters)
    {
        try
        {
            if (method == "common.db.logout")
            {
                _sessions.Logout(context.Request.Headers.Authorization);
                await AnswerAsync(context, call, null, null);
                return;
            }

            var dot = method.LastIndexOf('.');
            if (!method.StartsWith("model.", StringComparison.Ordinal) || dot <= 6)
            {
                throw TrytonError.Key(method.Split('.')[0]);
            }

            if (parameters.Count == 0 || parameters[^1] is not JsonObject callContext)
            {
                throw TrytonError.Unexpected("Missing context argument");
            }

            var (model, operation) = (method[6..dot], method[(dot + 1)..]);
            if (operation == "fields_get")
            {
                context.Response.Headers["X-Tryton-Cache"] = "86400";
            }

            var (known, result) = InTransaction(() => Operate(model, operation, parameters, callContext));
            if (!known)
            {
                await TrytonPages.WriteAsync(context, 403);
                return;
            }

            await AnswerAsync(context, call, result, null);
        }
        catch (TrytonError e)
        {
            await AnswerAsync(context, call, null, e.Error);
        }
    }

    private (bool Known, JsonNode? Result) Operate(string model, string operation, JsonArray parameters, JsonObject context)
    {
        if (model == "res.user" && operation == "get_preferences")
        {
            return (true, TrytonSeed.Preferences());
        }

        if (operation is "create" or "write" or "delete" || TrytonAccounting.IsButton(model, operation))
        {
            FailWhereTold(operation);
        }

        switch (operation)
        {
            case "create":
                return (true, new JsonArray([.. parameters[0]!.AsArray().Select(values =>
                    JsonValue.Create(_store.Create(model, (JsonObject)values!, context)))]));
            case "write":
                for (var at = 0; at + 2 < parameters.Count; at += 2)
                {
                    _store.CheckStamps(model, TrytonStore.Ids(parameters[at]), context);
                }

                for (var at = 0; at + 2 < parameters.Count; at += 2)
                {
                    _store.Write(model, TrytonStore.Ids(parameters[at]), (JsonObject)parameters[at + 1]!, context);
                }

                return (true, null);
            case "delete":
                _store.CheckStamps(model, TrytonStore.Ids(parameters[0]), context);
                _store.Delete(model, TrytonStore.Ids(parameters[0]));
                return (true, null);
            case "read":
                foreach (var id in TrytonStore.Ids(parameters[0]))
                {
                    _store.MustExist(_store.Model(model), id, "read");
                }

                return (true, _query.Read(model, TrytonStore.Ids(parameters[0]), Texts(parameters[1]), context));
            case "search":
                return (true, TrytonWire.Encode(Found(model, parameters, context)));
            case "search_count":
                return (true, Found(model, parameters, context).Length);
            case "search_read":
                return (true, _query.Read(model, Found(model, parameters, context), Texts(parameters[4]), context));
            case "fields_get":
                return (true, _store.Model(model).Describe(Texts(parameters[0])));
            case var button when TrytonAccounting.IsButton(model, button):
                foreach (var id in TrytonStore.Ids(parameters[0]))
                {
                    _store.MustExist(_store.Model(model), id, "read");
                    TrytonAccounting.Press(_store, button, id, context);
                }

                return (true, null);
            default:
                return TrytonProposals.Answer(_store, model, operation, parameters, context) is { } answer ? (true, answer) : (false, null);
        }
    }

    private long[] Found(string model, JsonArray parameters, JsonObject context) => parameters.Count < 4
        ? _query.Search(model, parameters[0]!.AsArray(), 0, null, null, context)
        : _query.Search(model, parameters[0]!.AsArray(), (int?)parameters[1] ?? 0, (int?)parameters[2], parameters[3] as JsonArray, context);

    private void FailWhereTold(string operation)
    {
        if (Take(ref _serializationFailures))
        {
            throw TrytonError.Unexpected("could not serialize access due to concurrent update\n");
        }

        if (operation != "create" && Take(ref _concurrencyFailures))
        {
            throw TrytonError.Concurrency();
        }

        if (Take(ref _warnings))
        {
            throw TrytonError.Warning("sandbox_warning_1", "The record \"x\" has a date in the past.");
        }
    }

    private static bool Take(ref int left) => Volatile.Read(ref left) > 0 && Interlocked.Decrement(ref left) >= 0;

    private T InTransaction<T>(Func<T> call)
    {
        lock (_gate)
        {
            return _store.InTransaction(call);
        }
    }

    private void OnInvoice(long id, Action act) => InTransaction(() =>
    {
        if (!_store.Exists(TrytonAccounting.Invoice, id))
        {
            throw TrytonError.User($"There is no invoice with the id {id}.");
        }

        act();
        return 0;
    });

    private static JsonObject Context() => new() { ["company"] = 1L, ["language"] = "en" };

    // Nodes made in process keep the CLR type they were made of; parsed ones convert to any that fits.
    private static JsonObject AsSent(JsonObject values) => (JsonObject)JsonNode.Parse(values.ToJsonString())!;

    private static string[] Texts(JsonNode? node) => [.. (node as JsonArray ?? []).Select(text => (string)text!)];

    /// <summary>The envelope is used only where the call had exactly id, method and params.</summary>
    private static async Task AnswerAsync(HttpContext context, JsonObject call, JsonNode? result, JsonArray? error)
    {
        JsonNode? body = result;
        if (call.Count == 3 && call.ContainsKey("id"))
        {
            var envelope = new JsonObject { ["id"] = call["id"]?.DeepClone() };
            envelope[error is null ? "result" : "error"] = error is null ? result : error.DeepClone();
            body = envelope;
        }
        else if (error is not null)
        {
            await TrytonPages.WriteAsync(context, (string?)error[0] switch { "UserWarning" => 409, "LoginException" => 403, "ConcurrencyException" => 423,
                "UserError" => 400, _ => 500 });
            return;
        }

        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, Compact);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }
}
