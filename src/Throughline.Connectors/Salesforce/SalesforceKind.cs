using Throughline.Connect;

namespace Throughline.Connectors.Salesforce;

public sealed class SalesforceKind : IConnectorKind
{
    public const string ClientCredentials = "client_credentials";
    public const string Jwt = "jwt";

    /// <summary>The largest collection that Salesforce takes in one request.</summary>
    internal const int CollectionMax = 200;

    public Manifest Manifest { get; } = new()
    {
        Kind = "salesforce",
        Title = "Salesforce",
        Summary = "Sales Cloud through its REST API (version 60.0 or later): accounts, contacts, opportunities with their lines, contracts. "
            + "Tried against this project's own Salesforce sandbox.",
        Configuration =
        [
            new()
            {
                Name = "login_url", Kind = FieldKind.Address, Required = true, Summary = "Where tokens are issued: the organisation's My Domain address.",
                Help = "Setup, My Domain. The client credentials flow works only with a My Domain address, not with login.salesforce.com.",
                Example = "https://halden.my.salesforce.com",
            },
            new()
            {
                Name = "auth", Kind = FieldKind.Text, Default = ClientCredentials, OneOf = [ClientCredentials, Jwt], Summary = "How the hub signs in.",
                Help = "client_credentials (the default) needs client_secret; jwt needs username and private_key, and its certificate registered with the app.",
            },
            new()
            {
                Name = "client_id", Kind = FieldKind.Text, Required = true, Summary = "The consumer key of the external client app.",
                Help = "Setup, External Client App Manager, the app, OAuth settings.", Example = "3MVG9...",
            },
            new()
            {
                Name = "client_secret", Kind = FieldKind.Secret, Summary = "The consumer secret, for client_credentials.", Help = "Beside the consumer key.",
                Example = "env:SALESFORCE_CLIENT_SECRET",
            },
            new() { Name = "username", Kind = FieldKind.Text, Summary = "The integration user, for jwt.", Help = "It must be pre-authorised for the app.",
                Example = "hub@firm.example" },
            new()
            {
                Name = "private_key", Kind = FieldKind.Secret, Summary = "The RSA private key as PEM, for jwt.",
                    Help = "Of the certificate that is uploaded to the app.",
                Example = "file:/run/secrets/salesforce.pem",
            },
            new() { Name = "api_version", Kind = FieldKind.Text, Default = "60.0", Summary = "The version of the REST API.",
                Help = "60.0 or later. Default 60.0.", Example = "60.0" },
            new()
            {
                Name = "page_size", Kind = FieldKind.Whole, Default = 2000L, Min = 1, Max = 2000, Summary = "Records asked for in one query.",
                Help = "Smaller pages use more of the daily requests. Default 2000.",
            },
            new()
            {
                Name = "overlap_seconds", Kind = FieldKind.Whole, Default = 300L, Min = 0, Max = 86_400,
                    Summary = "How far before the last seen change a later read begins.",
                Help = "Covers changes that were committed after a later stamp was read. What was seen is read again and dropped by the hub. Default 300.",
            },
            new() { Name = "time_out_seconds", Kind = FieldKind.Whole, Default = 30L, Min = 1, Max = 600, Summary = "The longest wait for one answer.",
                Help = "Default 30." },
        ],
        Entities = [.. SalesforceEntities.All.Select(entity => entity.Manifest)],
        BatchMax = CollectionMax,
        BatchIsAtomic = false,
        Throttles = true,
        RenewsSession = true,
        OwnFieldSuffix = "__c",
        Gaps =
        [
            new("Hard deletions, and deletions older than 15 days", "Salesforce forgets them with the recycle bin.",
                "None yet; the reconciliation to come finds the record missing."),
            new("Events (change data capture, platform events)", "They need the gRPC Pub/Sub API.", "Changes are polled by SystemModstamp with an overlap."),
            new("Version checks of batches and of creations", "Salesforce takes If-Unmodified-Since on the update of one record only.",
                "An item with an expected version is sent alone."),
            new("Two changes within one second have one version", "Salesforce's stamps are whole seconds.",
                "The hub compares content, and reads again within the overlap."),
        ],
    };

    public IConnector Create(ConnectorContext context) => new SalesforceConnector(Manifest, context);
}
