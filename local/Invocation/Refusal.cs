using System.Buffers;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Hosting;
using DaprShop.Local.Resiliency;
using Polly;

namespace DaprShop.Local.Invocation;

/// <summary>
/// Why no replica of an app takes a call, as daprd says it: nobody listens, or none of those who do is well; or what is called could be
/// read as something else.
/// </summary>
internal static class Refusal
{
    private const string Channel = "rpc error: code = Internal desc = error invoking app channel: ";
    private const string Unwell = "rpc error: code = Internal desc = app is not in a healthy state";

    private static readonly SearchValues<char> s_ambiguous =
        SearchValues.Create([.. Enumerable.Range(0, ' ').Select(code => (char)code), '#', '?', '\u007f']);

    public static string Of(AppRegistry apps, Sidecar caller, string appId)
    {
        if (!apps.Of(appId).Any(replica => replica.App is { IsListening: true, IsWell: false })) return Channel + "connection refused";
        return caller.AppId == appId ? Unwell : Channel + Unwell;
    }

    /// <summary>A replica was called, and did not answer; or a policy did not let the call go on.</summary>
    public static string Of(Exception failure) => failure is ExecutionRejectedException rejection
        ? new CallRefused(rejection).Message
        : Channel + failure.Message;

    /// <summary>Of a method, not escaped (daprd <c>pkg/messaging/method</c>); null when it is as it must be.</summary>
    public static string? OfMethod(string method) => method.AsSpan().IndexOfAny(s_ambiguous) is >= 0 and var at
        ? "rpc error: code = InvalidArgument desc = invalid method: method contains "
            + (method[at] is '#' or '?' or '\0' ? "forbidden character" : $"control character at position {at}")
        : null;

    /// <summary>
    /// Of what <c>InvokeService</c> says of HTTP to an app that speaks it (daprd <c>pkg/channel/http</c>); null when that will do.
    /// </summary>
    public static string? OfVerb(Sidecar caller, Sidecar callee, HTTPExtension? extension)
    {
        const string Invalid = "rpc error: code = InvalidArgument desc = ";
        var fault = extension is null ? "missing HTTP extension field"
            : extension.Verb is HTTPExtension.Types.Verb.None or HTTPExtension.Types.Verb.Connect ? "invalid HTTP verb"
            : null;
        return fault is null ? null : (caller.AppId == callee.AppId ? "" : Channel) + Invalid + fault;
    }
}
