using System.Diagnostics;
using DaprShop.Local.Hosting;

namespace DaprShop.Gateway.Tests;

/// <summary>nginx as a cluster has it. The test plays the ingress before it, which says who the client is: <c>X-Forwarded-For</c>.</summary>
public sealed class IngressNginx : IAsyncDisposable
{
    private readonly DirectoryInfo _directory;
    private readonly Process _nginx;

    private IngressNginx(DirectoryInfo directory, int port)
    {
        _directory = directory;
        _nginx = NginxTests.Run(directory.FullName);
        Client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
    }

    /// <summary>Speaks to it.</summary>
    public HttpClient Client { get; }

    /// <param name="servicePort">Of this machine, where every service is.</param>
    /// <param name="changes">What else to replace in environment.kubernetes.conf.</param>
    public static async Task<IngressNginx> StartAsync(int servicePort, params (string Old, string New)[] changes)
    {
        var port = FreePorts.Take();
        var nginx = new IngressNginx(
            NginxTests.CopyRules(
                "environment.kubernetes.conf",
                [
                    ("$service.daprshop.svc.cluster.local:8080", $"127.0.0.1:{servicePort}"), ("listen 8080", $"listen 127.0.0.1:{port}"),
                    ("10.0.0.0/8", "127.0.0.0/8"), .. changes,
                ]),
            port);
        await NginxTests.AnswerOfAsync(nginx.Client);
        return nginx;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        _nginx.Kill(entireProcessTree: true);
        await _nginx.WaitForExitAsync();
        _nginx.Dispose();
        _directory.Delete(recursive: true);
    }
}
