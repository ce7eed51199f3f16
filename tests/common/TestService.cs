using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Tokens;

namespace DaprShop.Common.Tests;

/// <summary>A small service made of the shop's defaults, listening on a free port, with keys of its own instead of the members service.</summary>
internal sealed class TestService : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestService(WebApplication app)
    {
        _app = app;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public HttpClient Client { get; }

    public static Task<TestService> StartAsync(Action<WebApplication> map, TestKeys? keys = null, params string[] settings) =>
        StartAsync(map, keys, TimeProvider.System, settings);

    public static async Task<TestService> StartAsync(Action<WebApplication> map, TestKeys? keys, TimeProvider time, params string[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0", "--environment=Development", .. settings]);
        builder.Services.AddSingleton<IDocumentRetriever>(keys ?? new TestKeys());
        builder.Services.AddSingleton(time);
        builder.AddShopDefaults("test");
        var app = builder.Build();
        app.UseShopDefaults();
        map(app);
        await app.StartAsync();
        return new TestService(app);
    }

    public async Task<(HttpResponseMessage Response, JsonElement Body)> SendAsync(
        HttpMethod method, string path, HttpContent? content = null, string? token = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        var response = await Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return (response, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }

    public Task StopAsync(CancellationToken cancellation) => _app.StopAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>Signing keys as the members service has them: published keys, and tokens made with any of them. Counts how often it was asked.</summary>
internal sealed class TestKeys : IDocumentRetriever
{
    private readonly List<ECDsaSecurityKey> _published = [];
    private int _fetches;

    public TestKeys() => Current = AddKey("key-1");

    public ECDsaSecurityKey Current { get; set; }

    public int Fetches => _fetches;

    /// <summary>What comes of asking for the keys instead of the keys.</summary>
    public Exception? Trouble { get; set; }

    public ECDsaSecurityKey AddKey(string id, bool publish = true)
    {
        var key = new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = id };
        if (publish) lock (_published) _published.Add(key);
        return key;
    }

    /// <summary>Is published no longer.</summary>
    public void Withdraw(ECDsaSecurityKey key)
    {
        lock (_published) _published.Remove(key);
    }

    public string Token(string subject = "member-1", string role = "member", ECDsaSecurityKey? key = null,
        string issuer = ShopAuth.Issuer, string audience = ShopAuth.Issuer, TimeSpan? lifetime = null)
    {
        var expires = DateTime.UtcNow + (lifetime ?? TimeSpan.FromMinutes(15));
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = audience,
            NotBefore = expires.AddHours(-2),
            IssuedAt = expires.AddHours(-2),
            Expires = expires,
            Claims = new Dictionary<string, object> { ["sub"] = subject, [ShopAuth.RoleClaim] = role },
            SigningCredentials = new SigningCredentials(key ?? Current, SecurityAlgorithms.EcdsaSha256),
        });
    }

    public Task<string> GetDocumentAsync(string address, CancellationToken cancel)
    {
        Interlocked.Increment(ref _fetches);
        if (Trouble is { } trouble) throw trouble;
        lock (_published)
        {
            var keys = _published.Select(key =>
            {
                var point = key.ECDsa.ExportParameters(false).Q;
                return new { kty = "EC", use = "sig", alg = "ES256", crv = "P-256", kid = key.KeyId, x = Base64UrlEncoder.Encode(point.X), y = Base64UrlEncoder.Encode(point.Y) };
            });
            return Task.FromResult(JsonSerializer.Serialize(new { keys }));
        }
    }
}
