using Grpc.Core;

namespace DaprShop.Local.Invocation;

/// <summary>Headers of HTTP and gRPC on their way into the metadata of a gRPC call (daprd <c>pkg/messaging/v1/util.go</c>).</summary>
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

    public static bool AreDropped(string name) => s_dropped.Contains(name);

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
