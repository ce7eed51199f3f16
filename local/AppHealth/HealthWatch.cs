using DaprShop.Local.Hosting;
using DaprShop.Local.Resiliency;
using Grpc.Core;

namespace DaprShop.Local.AppHealth;

/// <summary>
/// Asks an app again and again how it is: <c>GET</c> of its path, or <c>AppCallbackHealthCheck</c>; without the token, as daprd does.
/// </summary>
internal sealed class HealthWatch(Sidecar sidecar, HealthCheck check, TimeProvider time)
{
    /// <summary>Runs until it is stopped, and tells when it is decided whether the app is well: null, or else what is the matter.</summary>
    public async Task RunAsync(Action<string?> decided, CancellationToken stop)
    {
        var count = new HealthCount(check.Threshold);
        using var timer = new PeriodicTimer(Pause.Reachable(check.Interval), time);
        try
        {
            do
            {
                var failure = await AskAsync(stop);
                if (count.IsDecidedBy(failure is null)) decided(failure);
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The app is gone.
        }
    }

    private async Task<string?> AskAsync(CancellationToken stop)
    {
        using var limit = new CancellationTokenSource(Pause.Reachable(check.Timeout), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, limit.Token);
        try
        {
            return sidecar.SpeaksGrpc ? await sidecar.Callback.HealthAsync(either.Token) : await GetAsync(either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return $"no answer within {check.Timeout.TotalMilliseconds} ms";
        }
        catch (Exception error) when (error is HttpRequestException or RpcException or IOException)
        {
            return error.Message;
        }
    }

    private async Task<string?> GetAsync(CancellationToken limit)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, sidecar.App.AddressOf(check.Path));
        using var response = await sidecar.App.Http.SendAsync(request, limit);
        return response.IsSuccessStatusCode ? null : $"GET {check.Path} was answered with {(int)response.StatusCode}";
    }
}
