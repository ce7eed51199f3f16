using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Contracts;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Members.Tests;

/// <summary>The members service beside a sidecar, with a clock the tests turn.</summary>
public sealed class MembersHost : IAsyncLifetime
{
    public const string Password = "correct horse";

    private static int s_addresses;

    public ShopHost Shop { get; private set; } = null!;

    /// <summary>The new members that others have been told of.</summary>
    public ConcurrentBag<MemberRegistered> Heard { get; } = [];

    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.UtcNow);

    public static Task<ShopHost> StartAsync(FakeTimeProvider clock, Action<ShopHostOptions>? configure = null,
        params (string Key, string Value)[] settings) =>
        ShopHost.StartAsync(shop =>
        {
            shop.Service(
                "members", MembersService.Create, builder => builder.Services.AddSingleton<TimeProvider>(clock),
                [("Passwords:Iterations", "1000"), .. settings]);
            configure?.Invoke(shop);
        });

    public async ValueTask InitializeAsync()
    {
        Shop = await StartAsync(Clock, shop => shop.Fake("listener", app =>
            app.MapPost("/heard", (MemberRegistered registered) => Heard.Add(registered)).WithTopic("pubsub", Topics.MembersRegistered)));
        await WhenReadyAsync(Shop);
    }

    public ValueTask DisposeAsync() => Shop.DisposeAsync();

    public static Task WhenReadyAsync(ShopHost shop) => ShopHost.EventuallyAsync(
        async () => (await shop.Client("members").GetAsync("/.well-known/jwks.json")).IsSuccessStatusCode,
            "the members service to be ready");

    /// <summary>A client with a client address of its own, as the gateway would tell it.</summary>
    public HttpClient Visitor() => Visitor(Shop);

    public static HttpClient Visitor(ShopHost shop, string? accessToken = null)
    {
        var number = Interlocked.Increment(ref s_addresses);
        var client = shop.Client("members", accessToken);
        client.DefaultRequestHeaders.Add("X-Forwarded-For", $"10.{number >> 16}.{(number >> 8) & 255}.{number & 255}");
        return client;
    }

    public static string NewEmail() => $"{Guid.NewGuid():N}@example.com";

    /// <summary>Signs somebody up and in.</summary>
    public async Task<SignedInMember> MemberAsync()
    {
        var (client, email) = (Visitor(), NewEmail());
        var signedUp = await client.PostAsJsonAsync("/api/members", new { email, password = Password, displayName = "Ada" });
        Assert.Equal(HttpStatusCode.Created, signedUp.StatusCode);
        var id = (await signedUp.JsonAsync()).GetProperty("id").GetString()!;
        var tokens = await client.TokensAsync(email, Password);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", tokens.AccessToken);
        return new SignedInMember(client, id, email, tokens);
    }
}

public sealed record SignedInMember(HttpClient Client, string Id, string Email, Tokens Tokens);

/// <summary>Shorter requests.</summary>
internal static class Requests
{
    public static Task<HttpResponseMessage> SignInAsync(this HttpClient client, string email, string password) =>
        client.PostAsJsonAsync("/api/members/token", new { email, password });

    public static Task<HttpResponseMessage> RefreshAsync(this HttpClient client, string refreshToken) =>
        client.PostAsJsonAsync("/api/members/token", new { refreshToken });

    public static async Task<Tokens> TokensAsync(this HttpClient client, string email, string password) =>
        await (await client.SignInAsync(email, password)).TokensAsync();

    public static async Task<Tokens> TokensAsync(this HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<Tokens>())!;
    }

    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage response) =>
        await response.Content.ReadFromJsonAsync<JsonElement>();

    /// <summary>An error of this status, as problem+json; answers its body.</summary>
    public static async Task<JsonElement> ProblemAsync(this HttpResponseMessage response, HttpStatusCode status)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await response.JsonAsync();
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        Assert.True(problem.TryGetProperty("traceId", out _));
        return problem;
    }
}
