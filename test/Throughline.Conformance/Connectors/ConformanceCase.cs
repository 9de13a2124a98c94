namespace Throughline.Conformance.Connectors;

/// <summary>The cases that every connector must pass; the numbers stand in docs and in the approved list of skips.</summary>
public enum ConformanceCase
{
    ConnectAndClose = 1,
    BadCredentials = 2,
    SessionExpiry = 3,
    PagingDuringInserts = 4,
    CrashBetweenPageAndCommit = 5,
    OneIdentity = 6,
    CursorNeverGoesBack = 7,
    Deletions = 8,
    Throttling = 9,
    ServerErrorThenRecovery = 10,
    LostAnswerOfWrite = 11,
    PartialBatch = 12,
    SameKeyOtherPayload = 13,
    OddValues = 14,
    ExactMoney = 15,
    ExactDates = 16,
    SchemaDrift = 17,
    RoundTrip = 18,
    Webhooks = 19,
    Cancellation = 20,
    DescribedConfiguration = 21,
    AllowedHosts = 22,
    TruthfulManifest = 23,
}
