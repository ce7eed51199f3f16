using System.Net.Http.Headers;
using Grpc.Core;

namespace DaprShop.Local.Invocation;

/// <summary>Headers of HTTP and gRPC on their way from one to the other (daprd <c>pkg/messaging/v1/util.go</c>).</summary>
internal static class PassedHeaders
{
    /// <summary>Those between an app and its own sidecar, and those that gRPC itself sends.</summary>
    private static readonly HashSet<string> s_dropped = new(StringComparer.OrdinalIgnoreCase)
    {
        "dapr-app-id", "dapr-api-token", "dapr-caller-app-id", "dapr-caller-namespace", "dapr-callee-app-id", "destination-app-id",
        "content-type", "te",
    };

    /// <summary>HTTP's own headers, which must not pass for gRPC's.</summary>
    private static readonly HashSet<string> s_ofHttp = new(StringComparer.OrdinalIgnoreCase)
    {
        "Accept", "Accept-Charset", "Accept-Language", "Accept-Ranges", "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding",
        "Upgrade", "Cache-Control", "Content-Type", "Content-Length", "Cookie", "Date", "Expect", "From", "Host", "If-Match",
        "If-Modified-Since", "If-None-Match", "If-Schedule-Tag-Match", "If-Unmodified-Since", "Max-Forwards", "Origin", "Pragma", "Referer",
        "Via", "Warning",
    };

    /// <summary>Of one connection (RFC 7230, 6.1), or of one body.</summary>
    private static readonly HashSet<string> s_ofConnection = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "HTTP2-Settings", "TE", "Trailer",
        "Proxy-Authorization", "Proxy-Authenticate", "Content-Length",
    };

    /// <summary>What gRPC says to its peer, and the trace, which is told apart.</summary>
    private static readonly HashSet<string> s_ofGrpc = new(StringComparer.OrdinalIgnoreCase)
    {
        "grpc-encoding", "grpc-message", "grpc-message-type", "grpc-status", "grpc-timeout", "host", "traceparent", "tracestate",
    };

    public static bool AreDropped(string name) => s_dropped.Contains(name);

    /// <summary>The headers of an app's answer over HTTP.</summary>
    public static void AddAnswer(this Metadata headers, HttpHeaders answer)
    {
        foreach (var (name, values) in answer.NonValidated)
        {
            if (s_ofConnection.Contains(name)) continue;
            foreach (var value in values) headers.AddFromHttp(name, value);
        }
    }

    /// <summary>The metadata of a call that an app hears over HTTP.</summary>
    public static void AddFromGrpc(this HttpRequestMessage request, Metadata metadata)
    {
        foreach (var header in metadata)
        {
            var name = header.Key;
            if (header.IsBinary || AreDropped(name) || s_ofConnection.Contains(name) || s_ofGrpc.Contains(name)) continue;
            if (name.StartsWith("grpc-", StringComparison.Ordinal)) name = "dapr-" + name;
            if (!request.Headers.TryAddWithoutValidation(name, header.Value))
                request.Content?.Headers.TryAddWithoutValidation(name, header.Value);
        }
    }

    /// <summary>Of one gRPC call to another, or of its answer.</summary>
    public static void AddFromGrpc(this Metadata headers, Metadata others)
    {
        foreach (var other in others)
        {
            if (!other.IsBinary) headers.AddFromGrpc(other.Key, other.Value);
            else if (!other.Key.StartsWith("grpc-", StringComparison.Ordinal)) headers.Add(other);
        }
    }

    public static void AddFromHttp(this Metadata headers, string name, string? value) =>
        headers.AddFromGrpc(s_ofHttp.Contains(name) ? "dapr-" + name : name, value);

    /// <summary>What gRPC cannot carry is left out.</summary>
    public static void AddFromGrpc(this Metadata headers, string name, string? value)
    {
        if (value is null || AreDropped(name) || name.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase)
            || name.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.OrdinalIgnoreCase)) return;
        var isName = name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.');
        if (isName && value.All(letter => letter is >= ' ' and <= '~')) headers.Add(name.ToLowerInvariant(), value);
    }
}
