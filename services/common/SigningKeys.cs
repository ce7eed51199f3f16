using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace DaprShop.Common;

/// <summary>
/// The published keys that sign access tokens. They are fetched when first needed, again every few minutes, and at once when a token
/// names a key not seen yet (at most once in <see cref="s_pause"/>, so that forged tokens cannot make us ask all day). While they
/// cannot be fetched the known ones stay in use. The framework's own manager would answer 401 to the first token of a new key.
/// </summary>
internal sealed class SigningKeys : BaseConfigurationManager, IConfigurationManager<OpenIdConnectConfiguration>, IDisposable
{
    /// <summary>For how long keys are used, and what was checked with them is remembered, before they are asked for again.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    private readonly IDocumentRetriever _documents;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _fetching = new(1, 1);
    private volatile OpenIdConnectConfiguration? _known;
    private DateTimeOffset _staleAt;
    private DateTimeOffset _nextRequest;

    public SigningKeys(IDocumentRetriever documents, TimeProvider time)
    {
        (_documents, _time) = (documents, time);
        // The framework would go on trusting a key that is withdrawn for another hour.
        UseLastKnownGoodConfiguration = false;
    }

    public async Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel)
    {
        if (_known is { } known && _time.GetUtcNow() < _staleAt) return known;
        await _fetching.WaitAsync(cancel);
        try
        {
            if (_known is { } fetched && _time.GetUtcNow() < _staleAt) return fetched;
            return await FetchAsync(cancel);
        }
        finally
        {
            _fetching.Release();
        }
    }

    public override async Task<BaseConfiguration> GetBaseConfigurationAsync(CancellationToken cancel) => await GetConfigurationAsync(cancel);

    public override void RequestRefresh()
    {
        var now = _time.GetUtcNow();
        if (now < _nextRequest) return;
        _nextRequest = now + s_pause;
        _staleAt = now;
    }

    public void Dispose() => _fetching.Dispose();

    private async Task<OpenIdConnectConfiguration> FetchAsync(CancellationToken cancel)
    {
        try
        {
            var keys = new JsonWebKeySet(await _documents.GetDocumentAsync(".well-known/jwks.json", cancel));
            var configuration = new OpenIdConnectConfiguration { Issuer = ShopAuth.Issuer, JsonWebKeySet = keys };
            foreach (var key in keys.GetSigningKeys()) configuration.SigningKeys.Add(key);
            _known = configuration;
            _staleAt = _time.GetUtcNow() + Age;
        }
        catch (Exception) when (_known is not null && !cancel.IsCancellationRequested)
        {
            _staleAt = _time.GetUtcNow() + s_pause;
        }
        return _known;
    }
}
