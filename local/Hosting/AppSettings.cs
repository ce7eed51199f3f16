namespace DaprShop.Local.Hosting;

/// <summary>What an app is told about itself, its sidecar and its peers, under the names that Dapr's CLI and SDKs use.</summary>
internal static class AppSettings
{
    public static Dictionary<string, string> For(Sidecar sidecar, AppOptions app, LocalRuntimeOptions runtime, AppRegistry apps)
    {
        var settings = new Dictionary<string, string>(app.Environment, StringComparer.Ordinal)
        {
            ["APP_ID"] = sidecar.AppId,
            ["APP_PORT"] = $"{sidecar.App.Address!.Port}",
            ["APP_PROTOCOL"] = sidecar.SpeaksGrpc ? "grpc" : "http",
            ["DAPR_HTTP_PORT"] = $"{sidecar.HttpPort}",
            ["DAPR_GRPC_PORT"] = $"{sidecar.GrpcPort}",
            ["DAPR_HTTP_ENDPOINT"] = $"http://127.0.0.1:{sidecar.HttpPort}",
            ["DAPR_GRPC_ENDPOINT"] = $"http://127.0.0.1:{sidecar.GrpcPort}",
        };
        if (runtime.DaprApiToken is { } daprToken) settings["DAPR_API_TOKEN"] = daprToken;
        if (runtime.AppApiToken is { } appToken) settings["APP_API_TOKEN"] = appToken;
        if (runtime.Direct)
            foreach (var peer in apps.Sidecars.DistinctBy(peer => peer.AppId)) settings[$"Peers__{peer.AppId}"] = peer.App.BaseAddress;
        return settings;
    }

    /// <summary>The same as command-line settings, for an app in this process, whose environment belongs to everyone.</summary>
    public static string[] AsArguments(Dictionary<string, string> settings) =>
    [
        .. settings.Select(setting => $"--{HostName(setting.Key)}={setting.Value}"),
        // Where this process was told to listen is no business of the app's.
        $"--urls=http://127.0.0.1:{settings["APP_PORT"]}",
    ];

    /// <summary>ASP.NET Core reads its own variables without their prefix, and takes <c>__</c> for <c>:</c>.</summary>
    private static string HostName(string name)
    {
        const string Prefix = "ASPNETCORE_";
        var own = name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name;
        return own.Replace("__", ":", StringComparison.Ordinal);
    }
}
