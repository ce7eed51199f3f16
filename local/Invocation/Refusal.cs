using DaprShop.Local.Hosting;

namespace DaprShop.Local.Invocation;

/// <summary>Why no replica of an app takes a call, as daprd says it: nobody listens, or none of those who do is well.</summary>
internal static class Refusal
{
    private const string Channel = "rpc error: code = Internal desc = error invoking app channel: ";
    private const string Unwell = "rpc error: code = Internal desc = app is not in a healthy state";

    public static string Of(AppRegistry apps, Sidecar caller, string appId)
    {
        if (!apps.Of(appId).Any(replica => replica.App is { IsListening: true, IsWell: false })) return Channel + "connection refused";
        return caller.AppId == appId ? Unwell : Channel + Unwell;
    }

    /// <summary>A replica was called, and did not answer.</summary>
    public static string Of(string failure) => Channel + failure;
}
