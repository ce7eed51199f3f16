using OpenTelemetry.Resources;

namespace DaprShop.Local.Telemetry;

/// <summary>Who it is that tells something: an app's sidecars.</summary>
internal static class SidecarResource
{
    /// <summary>What <c>OTEL_RESOURCE_ATTRIBUTES</c> says holds for all of them; a name is each one's own.</summary>
    public static ResourceBuilder Of(string appId) =>
        ResourceBuilder.CreateEmpty().AddEnvironmentVariableDetector().AddAttributes([new("service.name", appId)]);
}
