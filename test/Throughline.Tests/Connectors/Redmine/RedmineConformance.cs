using Throughline.Conformance.Connectors;
using Throughline.Conformance.Connectors.Redmine;

namespace Throughline.Tests.Connectors.Redmine;

public sealed class RedmineSandboxIssues : RedmineIssues<SandboxedRedmine>;

public sealed class RedmineSandboxVersions : RedmineVersions<SandboxedRedmine>;

public sealed class RedmineSandboxProjects : RedmineProjects<SandboxedRedmine>;

public sealed class RedmineIssuesConform : ConnectorConformance<RedmineSandboxIssues>;

public sealed class RedmineVersionsConform : ConnectorConformance<RedmineSandboxVersions>;

public sealed class RedmineProjectsConform : ConnectorConformance<RedmineSandboxProjects>;
