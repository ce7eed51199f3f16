using System.Collections.Concurrent;
using Dapr.Client.Autogen.Grpc.v1;
using DaprShop.Local.Hosting;
using DaprShop.Local.Resiliency;

namespace DaprShop.Local.Health;

/// <summary>What a sidecar tells about itself, and the labels that tools put on it.</summary>
public sealed class SidecarMetadata(IEnumerable<IMetadataSource> sources)
{
    /// <summary>The Dapr version whose behaviour is served.</summary>
    public const string RuntimeVersion = "1.18.3";

    /// <summary>What daprd says of components of these types.</summary>
    private static readonly Dictionary<string, string[]> s_capabilities = new(StringComparer.Ordinal)
    {
        ["state.sqlite"] = ["ETAG", "TRANSACTIONAL", "TTL", "KEYS_LIKE", "ACTOR"],
        ["state.in-memory"] = ["ETAG", "TRANSACTIONAL", "TTL", "DELETE_WITH_PREFIX", "KEYS_LIKE", "ACTOR"],
        ["state.redis"] = ["ETAG", "TRANSACTIONAL", "TTL", "ACTOR"],
        ["pubsub.in-memory"] = ["SUBSCRIBE_WILDCARDS"],
        ["bindings.cron"] = ["INPUT_BINDING"],
        ["bindings.http"] = ["OUTPUT_BINDING"],
        ["bindings.smtp"] = ["OUTPUT_BINDING"],
    };

    private readonly IMetadataSource[] _sources = [.. sources];
    private readonly ConcurrentDictionary<(Sidecar, string), string> _labels = new();

    public GetMetadataResponse Of(Sidecar sidecar)
    {
        var metadata = new GetMetadataResponse
        {
            Id = sidecar.AppId,
            RuntimeVersion = RuntimeVersion,
            ExtendedMetadata = { ["daprRuntimeVersion"] = RuntimeVersion },
            AppConnectionProperties = new AppConnectionProperties
            {
                Port = sidecar.App.Address?.Port ?? 0,
                Protocol = sidecar.SpeaksGrpc ? "grpc" : "http",
                ChannelAddress = "127.0.0.1",
                Health = HealthOf(sidecar),
            },
        };
        metadata.RegisteredComponents.Add(sidecar.Components.Select(component =>
            new RegisteredComponents
            {
                Name = component.Name,
                Type = component.Type,
                Version = component.Version,
                Capabilities = { s_capabilities.GetValueOrDefault(component.Type, []) },
            }));
        foreach (var ((labelled, key), value) in _labels)
            if (labelled == sidecar) metadata.ExtendedMetadata[key] = value;
        foreach (var source in _sources) source.AddTo(metadata, sidecar);
        return metadata;
    }

    private static AppConnectionHealthProperties? HealthOf(Sidecar sidecar) => sidecar.HealthCheck is not { } check ? null : new()
    {
        HealthCheckPath = sidecar.SpeaksGrpc ? "" : check.Path,
        HealthProbeInterval = GoDuration.Format(check.Interval),
        HealthProbeTimeout = GoDuration.Format(check.Timeout),
        HealthThreshold = check.Threshold,
    };

    public void Label(Sidecar sidecar, string key, string value)
    {
        if (key.Length > 0) _labels[(sidecar, key)] = value;
    }
}
