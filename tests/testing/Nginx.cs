using DaprShop.Local.Gateway;

namespace DaprShop.Testing;

/// <summary>The gateway that is not everywhere; the built-in one passes the same tests.</summary>
public static class Nginx
{
    /// <summary>Whether tests that need it are to be skipped: in CI it must be there.</summary>
    public static bool IsMissing => NginxGateway.Find() is null && Environment.GetEnvironmentVariable("CI") != "true";
}
