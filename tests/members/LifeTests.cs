using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Testing;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Members.Tests;

/// <summary>What lasts longer than one life of the service: keys, the staff account, registrations that nobody has been told of.</summary>
public sealed class LifeTests : IDisposable
{
    private const string StaffEmail = "staff@daprshop.example";

    private readonly string _data = Directory.CreateTempSubdirectory("daprshop-").FullName;
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task The_staff_password_follows_the_configuration_and_ends_the_old_sessions()
    {
        Tokens before;
        await using (var shop = await MembersHost.StartAsync(_clock, shop => shop.Data(_data)))
        {
            await MembersHost.WhenReadyAsync(shop);
            before = await MembersHost.Visitor(shop).TokensAsync(StaffEmail, "Staff-1234!");
            var me = await MembersHost.Visitor(shop, before.AccessToken).GetFromJsonAsync<JsonElement>("/api/members/me");
            Assert.Equal("staff", me.GetProperty("role").GetString());
        }
        await using (var shop = await MembersHost.StartAsync(_clock, shop => shop.Data(_data), ("Shop:StaffPassword", "Another-5678!")))
        {
            await MembersHost.WhenReadyAsync(shop);
            Assert.Equal(HttpStatusCode.Unauthorized, (await MembersHost.Visitor(shop).SignInAsync(StaffEmail, "Staff-1234!")).StatusCode);
            Assert.Equal(HttpStatusCode.Unauthorized, (await MembersHost.Visitor(shop).RefreshAsync(before.RefreshToken)).StatusCode);
            await MembersHost.Visitor(shop).TokensAsync(StaffEmail, "Another-5678!");
            // The keys are the same, so what was signed before still holds.
            Assert.Equal(HttpStatusCode.OK, (await MembersHost.Visitor(shop, before.AccessToken).GetAsync("/api/members/me")).StatusCode);
        }
    }

    [Fact]
    public async Task Keys_rotate_published_before_they_sign_and_without_their_private_parts()
    {
        await using var shop = await MembersHost.StartAsync(_clock, shop => shop.Data(_data),
            ("Members:KeyProtection", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
        await MembersHost.WhenReadyAsync(shop);
        var first = Assert.Single(await KeysAsync(shop));
        _clock.Advance(TimeSpan.FromDays(30) - TimeSpan.FromMinutes(30));
        await ShopHost.EventuallyAsync(async () => (await KeysAsync(shop)).Count == 2);
        Assert.Equal(first, await SignerAsync(shop));
        _clock.Advance(TimeSpan.FromHours(1));
        var second = (await KeysAsync(shop)).Single(kid => kid != first);
        Assert.Equal(second, await SignerAsync(shop));
        var tokens = await MembersHost.Visitor(shop).TokensAsync(StaffEmail, "Staff-1234!");
        Assert.Equal(HttpStatusCode.OK, (await MembersHost.Visitor(shop, tokens.AccessToken).GetAsync("/api/members/me")).StatusCode);
        _clock.Advance(KeyTimes.PublishAfter + TimeSpan.FromMinutes(1));
        await ShopHost.EventuallyAsync(async () => (await KeysAsync(shop)) is [var only] && only == second);
    }

    [Fact]
    public async Task Without_its_sidecar_the_service_says_that_it_is_starting()
    {
        await using var service = MembersService.Create(
            ["--environment=Development", "--urls=http://127.0.0.1:0", "--DAPR_GRPC_ENDPOINT=http://127.0.0.1:1",
                "--DAPR_HTTP_ENDPOINT=http://127.0.0.1:1"]);
        await service.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(service.Urls.First()) };
        var starting = await client.PostAsJsonAsync("/api/members", new { });
        await starting.ProblemAsync(HttpStatusCode.ServiceUnavailable);
        Assert.NotNull(starting.Headers.RetryAfter);
        await (await client.GetAsync("/.well-known/jwks.json")).ProblemAsync(HttpStatusCode.ServiceUnavailable);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/healthz")).StatusCode);
        await service.StopAsync();
    }

    private static async Task<List<string>> KeysAsync(ShopHost shop)
    {
        var response = await shop.Client("members").GetAsync("/.well-known/jwks.json");
        Assert.True(response.Headers.CacheControl?.Public);
        var keys = (await response.JsonAsync()).GetProperty("keys").EnumerateArray().ToList();
        Assert.All(keys, key => Assert.Equal(
            ["alg", "crv", "kid", "kty", "use", "x", "y"], key.EnumerateObject().Select(field => field.Name).Order()));
        return [.. keys.Select(key => key.GetProperty("kid").GetString()!)];
    }

    private static async Task<string> SignerAsync(ShopHost shop)
    {
        var tokens = await MembersHost.Visitor(shop).TokensAsync(StaffEmail, "Staff-1234!");
        var header = System.Buffers.Text.Base64Url.DecodeFromChars(tokens.AccessToken.Split('.')[0]);
        return JsonDocument.Parse(header).RootElement.GetProperty("kid").GetString()!;
    }
}
