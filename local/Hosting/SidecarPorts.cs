using System.Collections.Concurrent;
using System.Net;
using DaprShop.Local.Configuration;
using DaprShop.Local.Metrics;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace DaprShop.Local.Hosting;

/// <summary>
/// Where the sidecars listen, and which of them a connection is for. Kestrel takes its endpoints from configuration and follows when it
/// changes, so that sidecars can come and go while the others serve.
/// </summary>
internal sealed class SidecarPorts : ConfigurationProvider, IConfigurationSource
{
    private const string Endpoints = "Endpoints";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<int, Sidecar> _byPort = new();
    private readonly AppMetrics _metrics;
    private readonly Lock _lock = new();

    public SidecarPorts(IEnumerable<Sidecar> sidecars, AppMetrics metrics)
    {
        _metrics = metrics;
        foreach (var sidecar in sidecars) Put(sidecar);
        Data = Described();
    }

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    public void Configure(KestrelServerOptions kestrel)
    {
        kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection =>
        {
            // On the others there is no sidecar: they are metrics ports.
            if (_byPort.TryGetValue(((IPEndPoint)connection.LocalEndPoint!).Port, out var sidecar)) connection.Features.Set(sidecar);
            return next(connection);
        }));
        kestrel.Configure(new ConfigurationBuilder().Add(this).Build().GetSection("Kestrel"), reloadOnChange: true);
    }

    /// <summary>Ends when both ports answer.</summary>
    /// <exception cref="ConfigurationError">They do not; someone else has one of them.</exception>
    public async Task OpenAsync(Sidecar sidecar, CancellationToken cancellation)
    {
        Put(sidecar);
        Follow();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(s_patience);
        try
        {
            foreach (var port in PortsOf(sidecar)) await AppPort.WaitAsync(new Uri($"http://127.0.0.1:{port}/"), limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            Close(sidecar);
            throw new ConfigurationError($"the sidecar of '{sidecar.AppId}' cannot listen on {sidecar.HttpPort} and {sidecar.GrpcPort}");
        }
    }

    /// <summary>Takes no more connections; what is being answered is answered.</summary>
    public void Close(Sidecar sidecar)
    {
        foreach (var port in PortsOf(sidecar)) _byPort.TryRemove(port, out _);
        Follow();
    }

    private static int[] PortsOf(Sidecar sidecar) => [sidecar.HttpPort, sidecar.GrpcPort];

    private void Put(Sidecar sidecar)
    {
        foreach (var port in PortsOf(sidecar)) _byPort[port] = sidecar;
    }

    private void Follow()
    {
        // Of two that come at once, the later description has both.
        lock (_lock) Data = Described();
        OnReload();
    }

    private Dictionary<string, string?> Described()
    {
        var data = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (port, sidecar) in _byPort) Listen(port, port == sidecar.HttpPort ? HttpProtocols.Http1 : HttpProtocols.Http2);
        foreach (var (_, port) in _metrics.Ports) Listen(port, HttpProtocols.Http1);
        return data;

        void Listen(int port, HttpProtocols protocols)
        {
            data[$"Kestrel:{Endpoints}:{port}:Url"] = $"http://127.0.0.1:{port}";
            data[$"Kestrel:{Endpoints}:{port}:Protocols"] = $"{protocols}";
        }
    }
}
