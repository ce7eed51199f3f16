using System.Collections.Concurrent;

namespace DaprShop.Chaos.Tests;

/// <summary>The way to a shop that must not fail even once: keeps what was no answer, or none that a working shop gives.</summary>
public sealed class StrictWay : DelegatingHandler
{
    /// <summary>Payment and shipping have not heard of an order that has just been placed.</summary>
    private static readonly string[] s_mayBeMissing = ["/api/payments/", "/api/shipments/"];

    private int _requests;

    public StrictWay()
        : base(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false })
    {
    }

    public int Requests => _requests;

    public ConcurrentQueue<string> Failures { get; } = new();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _requests);
        var path = request.RequestUri!.AbsolutePath;
        try
        {
            var response = await base.SendAsync(request, cancellationToken);
            // All of the answer, before it counts as one.
            await response.Content.LoadIntoBufferAsync(cancellationToken);
            var isMissing = (int)response.StatusCode == 404 && s_mayBeMissing.Any(start => path.StartsWith(start, StringComparison.Ordinal));
            if (!response.IsSuccessStatusCode && !isMissing)
                Note($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellationToken)}");
            return response;
        }
        catch (Exception error)
        {
            Note(error is HttpRequestException { HttpRequestError: var kind } ? $"{kind} {error.Message}" : error.ToString());
            throw;
        }

        void Note(string what) => Failures.Enqueue($"{DateTime.UtcNow:HH:mm:ss.fff} {request.Method} {path}: {what}");
    }
}
