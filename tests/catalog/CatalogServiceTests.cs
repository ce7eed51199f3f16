using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Contracts;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace DaprShop.Catalog.Tests;

/// <summary>The catalog beside its sidecar, and somebody who listens to what it tells.</summary>
public sealed class CatalogHost : IAsyncLifetime
{
    public ShopHost Shop { get; private set; } = null!;

    public ConcurrentQueue<ProductChanged> Heard { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Shop = await ShopHost.StartAsync(shop => shop
            .Service("catalog", CatalogService.Create)
            .Fake("basket", app => app
                .MapPost("/events/product-changed", (ProductChanged changed) =>
                {
                    Heard.Enqueue(changed);
                    return Results.Ok();
                })
                .WithTopic("pubsub", Topics.CatalogProductChanged)));
        await LoadedAsync();
    }

    public Task LoadedAsync() => ShopHost.EventuallyAsync(
        async () => (await Shop.Client("catalog").GetAsync("/api/catalog/products")).StatusCode == HttpStatusCode.OK,
            "the catalogue to be loaded");

    public HttpClient Staff() => Shop.Client("catalog", Shop.StaffToken());

    public Task<JsonElement> GetAsync(string path) => Shop.Client("catalog").GetFromJsonAsync<JsonElement>(path);

    public ValueTask DisposeAsync() => Shop.DisposeAsync();

    public static object Draft(string name, string? id = null, long price = 1500) =>
        new { id, name, description = "Nice.", category = "kitchen", price = new { amount = price, currency = "USD" }, weightGrams = 300 };

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string id, object? body, string? ifMatch)
    {
        using var request = new HttpRequestMessage(method, $"/api/catalog/products/{id}");
        if (body is not null) request.Content = JsonContent.Create(body);
        if (ifMatch is not null) request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        return await Staff().SendAsync(request);
    }

    /// <summary>As the sidecar delivers a batch of stock events.</summary>
    public async Task<JsonElement> StockAsync(params (string ProductId, long Version, int Available)[] levels)
    {
        var entries = levels.Select((level, i) => new
        {
            entryId = $"{i}",
            contentType = "application/cloudevents+json",
            @event = new
            {
                id = $"stock-{level.ProductId}-{level.Version}",
                data = new StockChanged($"stock-{level.ProductId}-{level.Version}", DateTimeOffset.UnixEpoch, level.ProductId,
                    level.Version, level.Available, 0, level.Available),
            },
        });
        var answer = await Shop.SidecarClient("catalog")
            .PostAsJsonAsync($"/events/{Topics.InventoryStockChanged}",
                new { id = "batch", topic = Topics.InventoryStockChanged, entries });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    public async Task<int> AvailableAsync(string id) => (await GetAsync($"/api/catalog/products/{id}")).GetProperty("available").GetInt32();
}

public sealed class CatalogServiceTests(CatalogHost host) : IClassFixture<CatalogHost>
{
    [Fact]
    public async Task The_first_start_brings_the_shops_products_and_tells_of_them()
    {
        Assert.True((await host.GetAsync("/api/catalog/products")).GetProperty("total").GetInt32() >= 200);
        Assert.True((await host.GetAsync("/api/catalog/categories")).GetProperty("items").GetArrayLength() >= 8);
        await ShopHost.EventuallyAsync(
            () => Task.FromResult(Samples.Seeds.Select(seed => seed.Id).ToHashSet()
                .IsSubsetOf(host.Heard.Select(changed => changed.ProductId))), "all seeds to be told");
        var kettle = host.Heard.First(changed => changed.ProductId == "kettle-01");
        Assert.Equal(("product-kettle-01-1", 1L, false, 5990L, 980),
            (kettle.EventId, kettle.Version, kettle.Deleted, kettle.Price.Amount, kettle.WeightGrams));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?search=ketle&category=coffee-and-tea&sort=-price&page=1&pageSize=3")]
    [InlineData("?minPrice=1000&maxPrice=2000&inStock=false&sort=newest")]
    [InlineData("?category=nowhere")]
    [InlineData("?search=&category=&utm=x")]
    public async Task Lists_have_the_agreed_shape(string query)
    {
        var list = await host.GetAsync("/api/catalog/products" + query);
        Assert.Equal(["items", "total", "page", "pageSize"], list.EnumerateObject().Select(property => property.Name));
        foreach (var item in list.GetProperty("items").EnumerateArray())
            Assert.Equal(["id", "name", "description", "category", "price", "imageUrl", "available"], item.EnumerateObject()
                .Select(property => property.Name));
    }

    [Theory]
    [InlineData("page=0", "page")]
    [InlineData("page=-1", "page")]
    [InlineData("page=99999999999999999999", "page")]
    [InlineData("pageSize=101", "pageSize")]
    [InlineData("pageSize=x", "pageSize")]
    [InlineData("minPrice=abc", "minPrice")]
    [InlineData("minPrice=-5", "minPrice")]
    [InlineData("maxPrice=1.5", "maxPrice")]
    [InlineData("inStock=perhaps", "inStock")]
    [InlineData("sort=random", "sort")]
    [InlineData("page=1&page=2", "page")]
    public async Task A_wrong_query_is_told_field_by_field(string query, string field)
    {
        var answer = await host.Shop.Client("catalog").GetAsync($"/api/catalog/products?{query}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.True((await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("errors").TryGetProperty(field, out _));
    }

    [Theory]
    [InlineData("/api/catalog/products/kettle-02", "application/json")]
    [InlineData("/api/catalog/products/kettle-02/image", "image/svg+xml")]
    public async Task A_product_and_its_picture_can_be_revalidated(string path, string type)
    {
        var client = host.Shop.Client("catalog");
        var first = await client.GetAsync(path);
        Assert.Equal(type, first.Content.Headers.ContentType!.MediaType);
        Assert.NotNull(first.Headers.CacheControl);
        using var again = new HttpRequestMessage(HttpMethod.Get,
            path)
        { Headers = { IfNoneMatch = { new EntityTagHeaderValue(first.Headers.ETag!.Tag, isWeak: true) } } };
        var second = await client.SendAsync(again);
        Assert.Equal((HttpStatusCode.NotModified, first.Headers.ETag), (second.StatusCode, second.Headers.ETag));
        Assert.Empty(await second.Content.ReadAsByteArrayAsync());
        using var head = new HttpRequestMessage(HttpMethod.Head, path);
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(head)).StatusCode);
    }

    [Fact]
    public async Task The_tag_of_a_picture_is_that_of_what_it_shows()
    {
        using var created = await host.Staff().PostAsJsonAsync(
            "/api/catalog/products", CatalogHost.Draft("Drawn once", "drawn-once"));
        var drawn = await TagAsync("drawn-once");
        Assert.NotEqual(drawn, await TagAsync("kettle-02"));
        using var dearer = await host.SendAsync(HttpMethod.Put, "drawn-once", CatalogHost.Draft("Drawn once", price: 9900), "*");
        Assert.Equal(HttpStatusCode.OK, dearer.StatusCode);
        Assert.Equal(drawn, await TagAsync("drawn-once"));
        using var renamed = await host.SendAsync(HttpMethod.Put, "drawn-once", CatalogHost.Draft("Drawn twice"), "*");
        Assert.NotEqual(drawn, await TagAsync("drawn-once"));

        async Task<EntityTagHeaderValue?> TagAsync(string id) =>
            (await host.Shop.Client("catalog").GetAsync($"/api/catalog/products/{id}/image")).Headers.ETag;
    }

    [Theory]
    [InlineData("/api/catalog/products/none")]
    [InlineData("/api/catalog/products/none/image")]
    [InlineData("/api/catalog/products/a%7C%7Cb")]
    public async Task What_does_not_exist_is_a_404_problem(string path)
    {
        var answer = await host.Shop.Client("catalog").GetAsync(path);
        Assert.Equal((HttpStatusCode.NotFound, "application/problem+json"),
            (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
    }

    [Fact]
    public async Task A_name_in_any_letters_can_be_changed()
    {
        var created = await host.Staff().PostAsJsonAsync("/api/catalog/products", CatalogHost.Draft("Чайник", id: "chainik"));
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var changed = await host.SendAsync(
            HttpMethod.Put, "chainik", CatalogHost.Draft("Чайники", id: "NO ID"), created.Headers.ETag!.ToString());
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest,
            (await host.Staff().PostAsJsonAsync("/api/catalog/products", CatalogHost.Draft("Чайник"))).StatusCode);
    }

    [Fact]
    public async Task Staff_create_change_and_delete_a_product()
    {
        var created = await host.Staff().PostAsJsonAsync("/api/catalog/products", CatalogHost.Draft("Crème Brûlée Torch"));
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal("/api/catalog/products/creme-brulee-torch", created.Headers.Location!.OriginalString);
        Assert.Equal("creme-brulee-torch", (await host.GetAsync("/api/catalog/products?search=creme+bruleee"))
            .GetProperty("items")[0].GetProperty("id").GetString());
        Assert.Equal(HttpStatusCode.Conflict,
            (await host.Staff().PostAsJsonAsync("/api/catalog/products", CatalogHost.Draft("Crème Brûlée Torch"))).StatusCode);

        var tag = created.Headers.ETag!.ToString();
        Assert.Equal(428, (int)(await host.SendAsync(HttpMethod.Put, "creme-brulee-torch", CatalogHost.Draft("Torch"), null)).StatusCode);
        var changed = await host.SendAsync(HttpMethod.Put, "creme-brulee-torch", CatalogHost.Draft("Sugar Torch", price: 990), tag);
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.Equal(990, (await host.GetAsync("/api/catalog/products/creme-brulee-torch")).GetProperty("price").GetProperty("amount")
            .GetInt64());
        Assert.Equal(HttpStatusCode.PreconditionFailed,
            (await host.SendAsync(HttpMethod.Put, "creme-brulee-torch", CatalogHost.Draft("Late"), tag)).StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed,
            (await host.SendAsync(HttpMethod.Delete, "creme-brulee-torch", null, tag)).StatusCode);

        Assert.Equal(HttpStatusCode.NoContent,
            (await host.SendAsync(HttpMethod.Delete, "creme-brulee-torch", null, changed.Headers.ETag!.ToString())).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound,
            (await host.Shop.Client("catalog").GetAsync("/api/catalog/products/creme-brulee-torch")).StatusCode);
        Assert.Equal(0, (await host.GetAsync("/api/catalog/products?search=sugar+torch")).GetProperty("total").GetInt32());
        Assert.Equal(HttpStatusCode.NotFound,
            (await host.SendAsync(HttpMethod.Put, "creme-brulee-torch", CatalogHost.Draft("Torch"), "*")).StatusCode);

        var again = await host.Staff().PostAsJsonAsync("/api/catalog/products", CatalogHost.Draft("Torch", "creme-brulee-torch"));
        Assert.Equal(HttpStatusCode.Created, again.StatusCode);
        await ShopHost.EventuallyAsync(
            () => Task.FromResult(host.Heard.Any(heard => heard is { ProductId: "creme-brulee-torch", Version: 4, Deleted: false })),
                "the fourth version to be told");
    }

    [Fact]
    public async Task Of_two_changes_at_once_one_wins()
    {
        var created = await host.Staff().PostAsJsonAsync("/api/catalog/products", CatalogHost.Draft("Contended"));
        var tag = created.Headers.ETag!.ToString();
        var answers = await Task.WhenAll(Enumerable.Range(0, 6)
            .Select(i => host.SendAsync(HttpMethod.Put, "contended", CatalogHost.Draft($"Contended {i}"), tag)));
        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Equal(5, answers.Count(answer => answer.StatusCode == HttpStatusCode.PreconditionFailed));
    }

    [Fact]
    public async Task Wrong_products_are_refused_and_only_staff_may_write()
    {
        var answer = await host.Staff()
            .PostAsJsonAsync("/api/catalog/products",
                new { id = "A B", name = " ", category = "X", price = new { amount = -1, currency = "EUR" }, weightGrams = -1 });
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var errors = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("errors").EnumerateObject()
            .Select(error => error.Name);
        Assert.Equal(["id", "name", "category", "price.amount", "price.currency", "weightGrams"], errors);
        Assert.Equal(HttpStatusCode.BadRequest,
            (await host.Staff().PostAsync("/api/catalog/products", new StringContent("{", null, "application/json"))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest,
            (await host.Staff().PostAsJsonAsync("/api/catalog/products", new { name = "x", category = "x", price = 12 })).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized,
            (await host.Shop.Client("catalog").PostAsJsonAsync("/api/catalog/products", CatalogHost.Draft("x"))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden,
            (await host.Shop.Client("catalog", host.Shop.Token())
                .PostAsJsonAsync("/api/catalog/products", CatalogHost.Draft("x"))).StatusCode);
    }

    [Fact]
    public async Task Stock_events_may_come_twice_late_and_for_products_unknown()
    {
        var reply = await host.StockAsync(("lamp-01", 2, 20), ("lamp-01", 1, 10), ("nobody-knows-me", 1, 5));
        Assert.All(reply.GetProperty("statuses").EnumerateArray(), status =>
            Assert.Equal("SUCCESS", status.GetProperty("status").GetString()));
        Assert.Equal(20, await host.AvailableAsync("lamp-01"));
        await host.StockAsync(("lamp-01", 1, 10));
        await host.StockAsync(("lamp-01", 2, 20));
        Assert.Equal(20, await host.AvailableAsync("lamp-01"));

        var before = (await host.Shop.Client("catalog").GetAsync("/api/catalog/products/lamp-01")).Headers.ETag!.ToString();
        await host.StockAsync(("lamp-01", 3, 0));
        Assert.Equal(0, await host.AvailableAsync("lamp-01"));
        Assert.Equal(0, (await host.GetAsync("/api/catalog/products?search=led+desk+lamp+dimmer&inStock=true")).GetProperty("total")
            .GetInt32());
        // The tag of the older stock is another representation but the same version: staff may still change the product.
        Assert.Equal(HttpStatusCode.OK,
            (await host.SendAsync(HttpMethod.Put, "lamp-01", CatalogHost.Draft("LED Desk Lamp with Dimmer"), before)).StatusCode);
    }

    [Fact]
    public async Task Stock_events_come_through_the_broker()
    {
        await host.Shop.PublishAsync(Topics.InventoryStockChanged,
            new StockChanged("stock-tent-01-7", DateTimeOffset.UnixEpoch, "tent-01", 7, 33, 0, 33));
        await ShopHost.EventuallyAsync(async () => await host.AvailableAsync("tent-01") == 33, "the stock to arrive");
    }

    [Fact]
    public async Task Other_services_ask_for_quotes()
    {
        var quotes = await host.Shop.SidecarClient("catalog").GetFromJsonAsync<ProductQuote[]>("/internal/products?ids=kettle-03,none,press-01,kettle-03");
        Assert.Equal(["kettle-03", "press-01"], quotes!.Select(quote => quote.ProductId));
        Assert.Equal(new ProductQuote("kettle-03", "Enamel Stovetop Kettle 2 L", new(4290, "USD"), 1180, 1,
            "/api/catalog/products/kettle-03/image"), quotes![0]);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Shop.SidecarClient("catalog").GetAsync("/internal/products")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized,
            (await host.Shop.Client("catalog").GetAsync("/internal/products?ids=kettle-03")).StatusCode);
    }
}

/// <summary>With a host of its own: restarts, other replicas, half a seed.</summary>
public sealed class CatalogLivesTests
{
    [Fact]
    public async Task A_restart_brings_everything_back_and_seeds_nothing_twice()
    {
        await using var host = new CatalogHost();
        await host.InitializeAsync();
        var kettle = (await host.Shop.Client("catalog").GetAsync("/api/catalog/products/kettle-01")).Headers.ETag!.ToString();
        await host.SendAsync(HttpMethod.Delete, "kettle-01", null, kettle);
        await host.Staff().PostAsJsonAsync("/api/catalog/products", CatalogHost.Draft("Survivor"));
        await host.StockAsync(("survivor", 4, 44));
        var before = (await host.GetAsync("/api/catalog/products?sort=newest&pageSize=100")).GetRawText();

        await host.Shop.RestartAsync("catalog");
        await host.LoadedAsync();

        Assert.Equal(before, (await host.GetAsync("/api/catalog/products?sort=newest&pageSize=100")).GetRawText());
        Assert.Equal(44, await host.AvailableAsync("survivor"));
        Assert.Equal(HttpStatusCode.NotFound, (await host.Shop.Client("catalog").GetAsync("/api/catalog/products/kettle-01")).StatusCode);
    }

    [Fact]
    public async Task Stock_that_was_told_of_before_the_product_came_is_known()
    {
        await using var host = new CatalogHost();
        await host.InitializeAsync();
        await host.StockAsync(("latecomer", 1, 5));
        await host.Shop.RestartAsync("catalog");
        await host.LoadedAsync();
        using var created = await host.Staff().PostAsJsonAsync("/api/catalog/products", CatalogHost.Draft("Latecomer"));
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        await ShopHost.EventuallyAsync(async () => await host.AvailableAsync("latecomer") == 5, "its stock");
    }

    [Fact]
    public async Task What_is_written_elsewhere_arrives_here()
    {
        await using var host = new CatalogHost();
        await host.InitializeAsync();
        // Another replica: the same store, a shelf of its own.
        var state = new DaprShop.Common.StateStore(host.Shop.Dapr("catalog"), "catalog-store");
        using var store = new CatalogStore(state);
        await store.ChangeAsync(["kettle-02"], (_, current, _) => current! with { Name = "From elsewhere", Version = current.Version + 1 },
            default);
        await store.ChangeAsync(
            [.. Enumerable.Range(0, 90).Select(i => $"more-{i}")],
            (id, _, position) => Samples.Product(position, "More") with { Id = id },
            default);
        await new StockStore(state).TrySaveAsync([new StockLevel("kettle-02", 9, 99)], default);
        await ShopHost.EventuallyAsync(async () => await host.AvailableAsync("kettle-02") == 99, "the stock");
        await ShopHost.EventuallyAsync(
            async () => (await host.GetAsync("/api/catalog/products?search=elsewhere")).GetProperty("total").GetInt32() == 1,
                "the new name");
        await ShopHost.EventuallyAsync(
            async () => (await host.GetAsync("/api/catalog/products?search=more&category=things")).GetProperty("total").GetInt32() == 90,
                "the new products");
        await ShopHost.EventuallyAsync(() => Task.FromResult(host.Heard.Any(changed => changed.ProductId == "more-89")),
            "the sweep to tell of them");
    }

    [Fact]
    public async Task A_seed_that_was_cut_short_is_continued()
    {
        await using var shop = await ShopHost.StartAsync(shop =>
            shop.Service("catalog", CatalogService.Create, null, ("Catalog:SeedFile", "")));
        var state = new DaprShop.Common.StateStore(shop.Dapr("catalog"), "catalog-store");
        using var store = new CatalogStore(state);
        var shelf = new Shelf();
        var first = Samples.Seeds.Take(100).ToDictionary(seed => seed.Id);
        shelf.Put(await store.ChangeAsync([.. first.Keys], (id, _, position) => first[id] with { Position = position }, default));

        using var services = new ServiceCollection().AddLogging().BuildServiceProvider();
        Seed Continued() => new(
            store, shelf, TimeProvider.System, new Microsoft.Extensions.Configuration.ConfigurationBuilder().Build(),
            services.GetRequiredService<Microsoft.Extensions.Logging.ILogger<Seed>>());
        await Continued().PlantAsync(default);
        await Continued().PlantAsync(default);
        // One that knows nothing of what is there already.
        var blind = new Shelf();
        await new Seed(store, blind, TimeProvider.System, new Microsoft.Extensions.Configuration.ConfigurationBuilder().Build(),
            services.GetRequiredService<Microsoft.Extensions.Logging.ILogger<Seed>>()).PlantAsync(default);

        Assert.Equal(0, blind.Count);
        Assert.Equal(Samples.Seeds.Count, shelf.Count);
        var head = CatalogStore.ReadHead(await state.GetManyAsync([CatalogStore.HeadKey]));
        Assert.Equal(new CatalogHead(Samples.Seeds.Count, Samples.Seeds.Count), head);
        var ids = (await store.ReadIndexAsync(head, default)).SelectMany(page => page).ToList();
        Assert.Equal(Samples.Seeds.Select(seed => seed.Id), ids);
        Assert.Equal(ids.Order(), (await store.ReadChangesAsync(0, head.Changes, default))!.Order());
    }
}
