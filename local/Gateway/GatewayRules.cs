using System.Text.RegularExpressions;

namespace DaprShop.Local.Gateway;

/// <summary>The rules in services/gateway that both gateways share, read from the files that nginx reads.</summary>
public sealed partial class GatewayRules
{
    private readonly NginxMap _routes;
    private readonly NginxMap _limits;
    private readonly HashSet<string> _requestHeaders;

    private GatewayRules(NginxMap routes, NginxMap limits, HashSet<string> requestHeaders) =>
        (_routes, _limits, _requestHeaders) = (routes, limits, requestHeaders);

    /// <param name="directory">services/gateway.</param>
    /// <exception cref="Configuration.ConfigurationError">A file is missing or broken.</exception>
    public static GatewayRules Read(string directory) => new(
        NginxMap.Read(Path.Combine(directory, "routes.map")),
        NginxMap.Read(Path.Combine(directory, "limits.map")),
        SetHeader().Matches(File.ReadAllText(Path.Combine(directory, "request-headers.conf")))
            .Select(match => match.Groups["name"].Value).ToHashSet(StringComparer.OrdinalIgnoreCase));

    /// <summary>The service that answers the path; "" when the path is not public.</summary>
    /// <param name="path">As the client wrote it, without the query.</param>
    public string ServiceOf(string path) => _routes[path];

    /// <summary>The class of limit the request falls under.</summary>
    public string LimitOf(string method, string path) => _limits[$"{method} {path}"];

    /// <summary>True for the request headers a service gets to see.</summary>
    public bool Passes(string header) => _requestHeaders.Contains(header);

    [GeneratedRegex(@"^proxy_set_header\s+(?<name>\S+)", RegexOptions.Multiline)]
    private static partial Regex SetHeader();
}
