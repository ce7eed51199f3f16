using DaprShop.Local.AppHealth;
using static System.IO.Path;

namespace DaprShop.Local.Configuration;

/// <summary>The form of a run file: <c>pkg/runfileconfig</c> and <c>pkg/standalone/run.go</c> of the Dapr CLI.</summary>
internal static class RunFileParser
{
    /// <summary>Keys of <c>common</c> that an app may repeat for itself.</summary>
    private static readonly string[] s_shared =
    [
        "configFilePath", "appProtocol", "apiListenAddresses", "enableProfiling", "logLevel", "appMaxConcurrency", "placementHostAddress",
        "schedulerHostAddress", "resourcesPath", "resourcesPaths", "appSSL", "maxBodySize", "readBufferSize", "enableAppHealthCheck",
        "appHealthCheckPath", "appHealthProbeInterval", "appHealthProbeTimeout", "appHealthThreshold", "enableApiLogging", "runtimePath",
        "env", "daprdLogDestination", "appLogDestination",
    ];

    private static readonly string[] s_app =
    [
        .. s_shared, "appID", "appDirPath", "appChannelAddress", "appPort", "daprHTTPPort", "daprGRPCPort", "daprInternalGRPCPort",
        "profilePort", "metricsPort", "unixDomainSocket", "command", "containerImage", "containerImagePullPolicy", "createService",
    ];

    private static readonly string[] s_numbers = ["appMaxConcurrency", "daprInternalGRPCPort", "profilePort"];

    private static readonly string[] s_healthNumbers = ["appHealthProbeInterval", "appHealthProbeTimeout", "appHealthThreshold"];

    private static readonly string[] s_switches =
        ["enableProfiling", "appSSL", "enableAppHealthCheck", "enableApiLogging", "createService"];

    private static readonly string[] s_logDestinations = ["console", "file", "fileAndConsole"];

    public static RunFile Parse(YamlMap document, string file)
    {
        document.Only("version", "name", "common", "apps");
        if (document.Number("version") is not 1) throw document.Error("version", "'version: 1' is required");
        var folder = GetDirectoryName(file)!;
        var common = document.Map("common")?.Only(s_shared);
        if (common is not null) CheckTypes(common);
        List<RunFileApp> apps = [.. document.Maps("apps").Select(app => ParseApp(app, common, folder))];
        if (apps.Count == 0) throw document.Error("apps", "'apps' needs at least one app");
        RefuseTwins(apps);
        return new RunFile(file, document.Text("name") ?? GetFileName(folder), apps);
    }

    private static RunFileApp ParseApp(YamlMap app, YamlMap? common, string folder)
    {
        CheckTypes(app.Only(s_app));
        var directory = ExistingPath(app, "appDirPath", app.RequiredText("appDirPath"), folder);
        var command = app.Texts("command");
        if (command is ["", ..]) throw app.Error("command", "'command' must begin with a program");
        return new RunFileApp(
            app.Text("appID") is { Length: > 0 } id ? FileName(app, "appID", id) : GetFileName(TrimEndingDirectorySeparator(directory)),
            directory,
            Port(app, "appPort"),
            Port(app, "daprHTTPPort"),
            Port(app, "daprGRPCPort"),
            command,
            Merged(app, common, "env"),
            ResourcesPaths(app, directory) ?? (common is null ? null : ResourcesPaths(common, folder)) ?? [],
            Paths(app, "configFilePath", directory) ?? (common is null ? null : Paths(common, "configFilePath", folder)),
            app.Source)
        {
            MetricsPort = Port(app, "metricsPort"),
            Protocol = app.Text("appProtocol") ?? common?.Text("appProtocol") ?? "http",
            HealthCheck = HealthCheckOf(app, common),
        };
    }

    /// <summary>What an app says wins; but, as for the CLI, what is on for all is not off for one.</summary>
    private static HealthCheck? HealthCheckOf(YamlMap app, YamlMap? common)
    {
        var defaults = new HealthCheck();
        var interval = Number("appHealthProbeInterval") is { } seconds ? TimeSpan.FromSeconds(seconds) : defaults.Interval;
        var timeout = Number("appHealthProbeTimeout") is { } thousandths ? TimeSpan.FromMilliseconds(thousandths) : defaults.Timeout;
        if (timeout > interval)
        {
            throw (app.Has("appHealthProbeTimeout") || common is null ? app : common).Error(
                "appHealthProbeTimeout", "'appHealthProbeTimeout' (milliseconds) must not be longer than 'appHealthProbeInterval' (seconds)");
        }
        if (app.Flag("enableAppHealthCheck") is not true && common?.Flag("enableAppHealthCheck") is not true) return null;
        var path = app.Text("appHealthCheckPath") is { Length: > 0 } own ? own : common?.Text("appHealthCheckPath");
        return new HealthCheck
        {
            Path = path is { Length: > 0 } ? path : defaults.Path,
            Interval = interval,
            Timeout = timeout,
            Threshold = Number("appHealthThreshold") ?? defaults.Threshold,
        };

        int? Number(string key) => app.Number(key) ?? common?.Number(key);
    }

    /// <summary>What an app says wins over its <c>.dapr/resources</c>, and that over what is common.</summary>
    private static List<string>? ResourcesPaths(YamlMap map, string folder)
    {
        List<string> paths = [.. map.Texts("resourcesPaths").Select(path => ExistingPath(map, "resourcesPaths", path, folder))];
        if (Paths(map, "resourcesPath", folder) is { } deprecated) paths.Add(deprecated);
        if (paths.Count > 0) return paths;
        var own = Combine(folder, ".dapr", "resources");
        return map.Has("appDirPath") && Directory.Exists(own) ? [own] : null;
    }

    private static string? Paths(YamlMap map, string key, string folder) =>
        map.Text(key) is { Length: > 0 } path ? ExistingPath(map, key, path, folder) : null;

    private static string ExistingPath(YamlMap map, string key, string path, string folder)
    {
        var home = path.StartsWith("~/", StringComparison.Ordinal)
            ? Combine(System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile), path[2..])
            : path;
        var full = GetFullPath(home, folder);
        return Path.Exists(full) ? full : throw map.Error(key, $"'{key}': '{path}' does not exist (looked in {full})");
    }

    private static Dictionary<string, string> Merged(YamlMap app, YamlMap? common, string key)
    {
        var merged = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in common?.TextMap(key) ?? new Dictionary<string, string>()) merged[name] = value;
        foreach (var (name, value) in app.TextMap(key)) merged[name] = value;
        return merged;
    }

    /// <summary>An app's log is called as the app.</summary>
    private static string FileName(YamlMap map, string key, string name) => name.IndexOfAny(GetInvalidFileNameChars()) < 0
        ? name
        : throw map.Error(key, $"'{key}': '{name}' cannot be the name of a file");

    /// <summary>0 and below mean "any free port", as for the CLI.</summary>
    private static int Port(YamlMap app, string key) => app.Number(key) switch
    {
        null or <= 0 => 0,
        > ushort.MaxValue => throw app.Error(key, $"'{key}' must be a port, at most {ushort.MaxValue}"),
        { } port => port,
    };

    /// <summary>Settings that mean nothing to the local runtime are still read, so that a typing mistake shows before production.</summary>
    private static void CheckTypes(YamlMap map)
    {
        foreach (var key in s_numbers) map.Number(key);
        foreach (var key in s_healthNumbers)
            if (map.Number(key) is < 1) throw map.Error(key, $"'{key}' must be at least 1; without it Dapr has a default");
        if (map.Text("appHealthCheckPath") is { } path && !Uri.IsWellFormedUriString(path, UriKind.Relative))
            throw map.Error("appHealthCheckPath", $"'appHealthCheckPath': '{path}' is no path, with or without a query");
        foreach (var key in s_switches) map.Flag(key);
        foreach (var key in map.Keys.Where(key => key.EndsWith("LogDestination", StringComparison.Ordinal)))
            if (!s_logDestinations.Contains(map.Text(key)))
                throw map.Error(key, $"'{key}' must be {string.Join(", ", s_logDestinations)}");
        if (map.Text("appProtocol") is { } protocol and not ("http" or "grpc"))
            throw map.Error("appProtocol", $"appProtocol '{protocol}' is not served locally; use http or grpc");
    }

    private static void RefuseTwins(List<RunFileApp> apps)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var ports = new Dictionary<int, string>();
        foreach (var app in apps)
        {
            if (!ids.Add(app.AppId)) throw new ConfigurationError($"{app.Source}: appID '{app.AppId}' is there twice");
            foreach (var port in new[] { app.AppPort, app.DaprHttpPort, app.DaprGrpcPort, app.MetricsPort }.Where(port => port > 0))
                if (!ports.TryAdd(port, app.AppId))
                    throw new ConfigurationError($"{app.Source}: port {port} of '{app.AppId}' is already taken by '{ports[port]}'");
        }
    }
}
