using Throughline.Conformance.Connectors;
using Throughline.Conformance.Connectors.Redmine;
using Xunit;

namespace Throughline.EndToEnd.Redmine;

public sealed class RedmineRealIssues : RedmineIssues<RealRedmine>;

public sealed class RedmineRealVersions : RedmineVersions<RealRedmine>;

public sealed class RedmineRealProjects : RedmineProjects<RealRedmine>;

// One after the other: they share one server, and each sweeps what the others make.
[Collection("real Redmine")]
public sealed class IssuesConformToTheRealServer : ConnectorConformance<RedmineRealIssues>;

[Collection("real Redmine")]
public sealed class VersionsConformToTheRealServer : ConnectorConformance<RedmineRealVersions>;

[Collection("real Redmine")]
public sealed class ProjectsConformToTheRealServer : ConnectorConformance<RedmineRealProjects>;
