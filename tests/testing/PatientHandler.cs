using System.Net;

namespace DaprShop.Testing;

/// <summary>
/// A client that comes again when it is told to. A 503 that took its time says that somebody on the way did not answer in time, as on a
/// machine that is very busy; one that comes at once is an answer as any other. Only requests that may be repeated are.
/// </summary>
public sealed class PatientHandler(HttpMessageHandler connections) : DelegatingHandler(connections)
{
    /// <summary>The shortest limit of a call within the shop.</summary>
    private static readonly TimeSpan s_itsTime = TimeSpan.FromSeconds(1.5);

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        for (var began = TimeProvider.System.GetTimestamp(); ;)
        {
            var sent = TimeProvider.System.GetTimestamp();
            var response = await base.SendAsync(request, cancellationToken);
            if (response.StatusCode != HttpStatusCode.ServiceUnavailable || !MayBeRepeated(request)) return response;
            var (took, spent) = (TimeProvider.System.GetElapsedTime(sent), TimeProvider.System.GetElapsedTime(began));
            if (took < s_itsTime || spent > s_patience) return response;
            await Task.Delay(response.Headers.RetryAfter?.Delta ?? TimeSpan.Zero, cancellationToken);
            response.Dispose();
        }
    }

    private static bool MayBeRepeated(HttpRequestMessage request) =>
        request.Method != HttpMethod.Post || request.Headers.Contains("Idempotency-Key");
}
