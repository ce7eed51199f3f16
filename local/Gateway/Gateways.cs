using DaprShop.Local.Configuration;

namespace DaprShop.Local.Gateway;

public static class Gateways
{
    /// <summary>The gateway that <c>--gateway</c> asks for: null or <c>auto</c> is nginx when it is installed, else the built-in one.</summary>
    /// <returns>Null for <c>none</c>.</returns>
    /// <exception cref="ConfigurationError">An unknown kind, or nginx asked for and not installed.</exception>
    public static IGateway? Choose(string? kind, GatewaySettings settings, ILoggerFactory logs)
    {
        var nginx = NginxGateway.Find();
        return kind switch
        {
            null or "auto" => nginx is null ? new BuiltInGateway(settings, logs) : new NginxGateway(nginx, settings, logs),
            "nginx" => new NginxGateway(
                nginx ?? throw new ConfigurationError("nginx is not installed; install it, or use --gateway builtin."), settings, logs),
            "builtin" => new BuiltInGateway(settings, logs),
            "none" => null,
            _ => throw new ConfigurationError($"--gateway {kind}: choose nginx, builtin or none."),
        };
    }
}
