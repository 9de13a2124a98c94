using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Throughline.Model;

namespace Throughline.Sandbox.Salesforce;

/// <summary>The OAuth token endpoint: client credentials and the JWT bearer flow, with the errors that Salesforce documents.</summary>
internal sealed class SalesforceTokens(SalesforceSandbox sandbox, TimeProvider time)
{
    private const string JwtGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";

    private readonly ConcurrentDictionary<string, int> _uses = new(StringComparer.Ordinal);

    public (int Status, Fields Body) Issue(IReadOnlyDictionary<string, string> form, string? basic)
    {
        var (id, secret) = Client(form, basic);
        return form.GetValueOrDefault("grant_type") switch
        {
            "client_credentials" when id != sandbox.ClientId => Error("invalid_client_id", "client identifier invalid"),
            "client_credentials" when secret != sandbox.ClientSecret => Error("invalid_client", "invalid client credentials"),
            "client_credentials" => Token(signed: true),
            JwtGrant => Problem(form.GetValueOrDefault("assertion") ?? "") is { } problem ? Error(problem.Error, problem.Text) : Token(signed: false),
            _ => Error("unsupported_grant_type", "grant type not supported"),
        };
    }

    /// <summary>Counts one use. False where the token is unknown, expired or used up.</summary>
    public bool Use(string? token)
    {
        if (token is null || !_uses.TryGetValue(token, out var uses))
        {
            return false;
        }

        if (sandbox.Knobs.TokenUses is { } max && uses >= max)
        {
            _uses.TryRemove(token, out _);
            return false;
        }

        _uses[token] = uses + 1;
        return true;
    }

    public void Revoke(string token) => _uses.TryRemove(token, out _);

    public void ExpireAll() => _uses.Clear();

    private static (string? Id, string? Secret) Client(IReadOnlyDictionary<string, string> form, string? basic)
    {
        if (basic is not null && basic.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            var pair = Encoding.UTF8.GetString(Convert.FromBase64String(basic[6..])).Split(':', 2);
            return (Uri.UnescapeDataString(pair[0]), pair.Length > 1 ? Uri.UnescapeDataString(pair[1]) : null);
        }

        return (form.GetValueOrDefault("client_id"), form.GetValueOrDefault("client_secret"));
    }

    private (int Status, Fields Body) Token(bool signed)
    {
        var token = SalesforceSandbox.OrganizationId[..15] + "!AQ0AQ" + Convert.ToHexString(RandomNumberGenerator.GetBytes(24));
        _uses[token] = 0;
        sandbox.Knobs.TokensIssued++;
        var instance = sandbox.Address.GetLeftPart(UriPartial.Authority);
        var body = Fields.Of(("access_token", token), ("scope", "api id"), ("instance_url", instance),
            ("id", $"{instance}/id/{SalesforceSandbox.OrganizationId}/{sandbox.RunAsId}"), ("token_type", "Bearer"));
        return (200, signed
            ? body.With("signature", Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(token))))
                .With("issued_at", time.GetUtcNow().ToUnixTimeMilliseconds().ToString(System.Globalization.CultureInfo.InvariantCulture))
            : body);
    }

    private (string Error, string Text)? Problem(string assertion)
    {
        var parts = assertion.Split('.');
        if (parts.Length != 3 || Decode(parts[0]) is not { } header || Decode(parts[1]) is not { } claims || header.Text("alg") != "RS256")
        {
            return ("invalid_grant", "invalid assertion");
        }

        if (claims.Text("iss") != sandbox.ClientId)
        {
            return ("invalid_client_id", "client identifier invalid");
        }

        using var key = RSA.Create();
        if (sandbox.PublicKeyPem is not { } pem || !Verified(key, pem, parts))
        {
            return ("invalid_grant", "invalid assertion");
        }

        if (claims.Text("sub") != sandbox.Username)
        {
            return ("invalid_grant", "user hasn't approved this consumer");
        }

        string[] audiences = ["https://login.salesforce.com", "https://test.salesforce.com", sandbox.Address.GetLeftPart(UriPartial.Authority)];
        if (!audiences.Contains(claims.Text("aud")))
        {
            return ("invalid_grant", "audience is invalid");
        }

        var left = claims.Number("exp") is { } exp ? exp - time.GetUtcNow().ToUnixTimeSeconds() : -1;
        return left is <= 0 or > 300 ? ("invalid_grant", "expired authorization code") : null;
    }

    private static bool Verified(RSA key, string pem, string[] parts)
    {
        key.ImportFromPem(pem);
        return Bytes(parts[2]) is { } signature
            && key.VerifyData(Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]), signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    private static Fields? Decode(string part)
    {
        try
        {
            return Bytes(part) is { } bytes ? Fields.Parse(bytes) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static byte[]? Bytes(string part)
    {
        try
        {
            return System.Buffers.Text.Base64Url.DecodeFromChars(part);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static (int Status, Fields Body) Error(string error, string text) => (400, Fields.Of(("error", error), ("error_description", text)));
}
