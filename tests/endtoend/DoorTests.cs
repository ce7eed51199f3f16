using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Testing;

namespace DaprShop.EndToEnd.Tests;

/// <summary>What is open to everybody and what to nobody.</summary>
public sealed class DoorTests(SharedShop shared)
{
    private readonly Shop _shop = shared.Shop;

    [Fact]
    public async Task Health_names_every_service()
    {
        // A service that is busy is told of as away: the report is a moment's, and the next one is another.
        JsonElement health = default;
        await ShopHost.EventuallyAsync(
            async () =>
            {
                using var response = await _shop.Anonymous.GetAsync("/health");
                health = await response.Content.ReadFromJsonAsync<JsonElement>();
                return response.IsSuccessStatusCode;
            },
            "a shop that is up");

        Assert.Equal("up", health.GetProperty("status").GetString());
        Assert.Equal(
            ["basket", "catalog", "inventory", "members", "notification", "ordering", "payment", "shipping", "web"],
            health.GetProperty("services").EnumerateObject().Where(service => service.Value.GetString() == "up").Select(service => service.Name).Order());
    }

    [Fact]
    public Task Health_is_for_programs_errors_included() => _shop.Anonymous.PostAsync("/health").ProblemAsync(405);

    [Theory]
    [InlineData("/")]
    [InlineData("/products/skillet-01")]
    [InlineData("/sign-in")]
    [InlineData("/basket")]
    public async Task The_storefront_answers_with_pages(string path)
    {
        using var response = await _shop.Anonymous.GetAsync(path, ("Accept", "text/html"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/html", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains("default-src 'self'", Assert.Single(response.Headers.GetValues("Content-Security-Policy")));
    }

    [Fact]
    public async Task Who_has_to_sign_in_stays_on_this_site_whatever_host_was_named()
    {
        using var response = await _shop.Anonymous.GetAsync("/orders", ("Host", "evil.example"));

        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        Assert.Equal("/sign-in?returnUrl=%2Forders", response.Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/internal/products?ids=skillet-01")]
    [InlineData("/dapr/config")]
    [InlineData("/dapr/subscribe")]
    [InlineData("/events/orders-submitted")]
    [InlineData("/actors/OrderActor/1/method/Get")]
    [InlineData("/v1.0/metadata")]
    [InlineData("/api/orders/../../internal/products")]
    [InlineData("/nothing")]
    public Task What_is_not_public_is_404(string path) => _shop.Anonymous.GetAsync(path).ProblemAsync(404);

    [Fact]
    public async Task A_token_of_the_sidecars_opens_nothing_from_outside()
    {
        await _shop.Anonymous.GetAsync("/events/orders-submitted", ("dapr-api-token", "x")).ProblemAsync(404);
        await _shop.Anonymous.GetAsync("/internal/members/1", ("dapr-api-token", "x")).ProblemAsync(404);
    }
}
