using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using DaprShop.Local.Hosting;
using DaprShop.Local.Tracing;
using Yarp.ReverseProxy.Forwarder;

namespace DaprShop.Local.Invocation;

/// <summary>
/// A request on its way from one app to another: the caller's headers but for those between it and its sidecar, plus what daprd adds
/// (who calls whom, where it came from, the token that proves that a sidecar sent it).
/// </summary>
/// <param name="caller">Who calls.</param>
/// <param name="callee">Who is called.</param>
/// <param name="target">What of it.</param>
/// <param name="trace">What the app's trace goes on from; null for the caller's.</param>
internal sealed class InvocationTransformer(Sidecar caller, Sidecar callee, InvocationTarget target, Activity? trace) : HttpTransformer
{
    private const string Address = "127.0.0.1";
    private static readonly string s_host = Dns.GetHostName();
    private static readonly string s_forwarded = $"for={Address};by={Address};host={s_host}";

    /// <summary>Neither may reach an app from outside its own sidecar.</summary>
    private static readonly string[] s_dropped =
        ["dapr-app-id", "dapr-api-token", "dapr-caller-app-id", "dapr-caller-namespace", "dapr-callee-app-id", "destination-app-id"];

    /// <summary>The body as it was last sent; null when there was none.</summary>
    public HttpContent? Body { get; private set; }

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        proxyRequest.RequestUri = new Uri(destinationPrefix + target.PathAndQuery);
        Body = proxyRequest.Content;
        var headers = proxyRequest.Headers;
        headers.Host = null;
        foreach (var name in s_dropped) headers.Remove(name);
        AddCall(headers, caller, callee);
        if (trace is not null)
        {
            headers.Remove("traceparent");
            headers.TryAddWithoutValidation("traceparent", trace.Id);
            if (headers.Remove(TraceBinary.Header))
                headers.TryAddWithoutValidation(TraceBinary.Header, Convert.ToBase64String(TraceBinary.Of(trace.Id)!).TrimEnd('='));
        }
    }

    /// <summary>Who calls whom from where, and that a sidecar says so.</summary>
    public static void AddCall(HttpRequestHeaders headers, Sidecar caller, Sidecar callee)
    {
        headers.TryAddWithoutValidation("dapr-caller-namespace", "default");
        headers.TryAddWithoutValidation("dapr-caller-app-id", caller.AppId);
        headers.TryAddWithoutValidation("dapr-callee-app-id", callee.AppId);
        if (callee.App.Token is { } token) headers.TryAddWithoutValidation("dapr-api-token", token);
        if (caller == callee) return;
        headers.TryAddWithoutValidation("X-Forwarded-For", Address);
        headers.TryAddWithoutValidation("X-Forwarded-Host", s_host);
        headers.TryAddWithoutValidation("Forwarded", s_forwarded);
    }
}
