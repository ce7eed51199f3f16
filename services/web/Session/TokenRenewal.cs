using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DaprShop.Web.Api;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace DaprShop.Web.Session;

/// <summary>
/// Spends a refresh token once, however many requests of one browser come with it at the same time or a little later: they share the
/// answer. (Requests on different replicas are covered by the short time in which members lets a token be used again.)
/// </summary>
public sealed class TokenRenewal(ServiceClients clients, IOptions<JsonOptions> json, TimeProvider time, ILogger<TokenRenewal> logger)
{
    private static readonly TimeSpan s_keepAnswers = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<string, Renewal> _renewals = new(StringComparer.Ordinal);

    /// <summary>The new tokens; a refusal when the old one is no longer good; away when members does not answer.</summary>
    public async Task<Answer<TokenPair>> RenewAsync(string refreshToken)
    {
        Forget();
        var key = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(refreshToken)));
        var renewal = _renewals.GetOrAdd(key, _ => new Renewal(time.GetUtcNow(), new(() => AskAsync(refreshToken))));
        var answer = await renewal.Answer.Value;
        if (answer.IsAway) _renewals.TryRemove(KeyValuePair.Create(key, renewal));
        return answer;
    }

    private void Forget()
    {
        var old = time.GetUtcNow() - s_keepAnswers;
        foreach (var renewal in _renewals)
        {
            if (renewal.Value.StartedAt < old) _renewals.TryRemove(renewal);
        }
    }

    private async Task<Answer<TokenPair>> AskAsync(string refreshToken)
    {
        try
        {
            using var response = await clients["members"].PostAsJsonAsync("api/members/token", new { refreshToken });
            if (!response.IsSuccessStatusCode) return new(null, new Refusal((int)response.StatusCode, null));
            return new(await response.Content.ReadFromJsonAsync<TokenPair>(json.Value.SerializerOptions));
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException or JsonException or IOException)
        {
            logger.LogWarning("members did not renew a session: {Reason}", error.Message);
            return Answer.Away<TokenPair>();
        }
    }

    private sealed record Renewal(DateTimeOffset StartedAt, Lazy<Task<Answer<TokenPair>>> Answer);
}
