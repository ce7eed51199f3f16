using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using DaprShop.Contracts;
using DaprShop.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Web.Tests;

/// <summary>The web service beside a sidecar, and all the services it asks, played by the test.</summary>
public sealed class WebHost : IAsyncLifetime
{
    public const string Hostile = "<script>alert('x')</script>\"onmouseover=\"";

    private int _refreshes;

    public ShopHost Shop { get; private set; } = null!;

    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.UtcNow);

    /// <summary>How often a refresh token was spent.</summary>
    public int Refreshes => _refreshes;

    /// <summary>Baskets by their owner: a guest's id or a token.</summary>
    public ConcurrentDictionary<string, ConcurrentDictionary<string, int>> Baskets { get; } = new();

    /// <summary>Orders by idempotency key.</summary>
    public ConcurrentDictionary<string, JsonElement> Orders { get; } = new();

    public ConcurrentDictionary<string, bool> Cancelled { get; } = new();

    /// <summary>What staff sent: method, path and If-Match.</summary>
    public ConcurrentQueue<string> StaffCalls { get; } = new();

    public async ValueTask InitializeAsync() => Shop = await ShopHost.StartAsync(shop => shop
        .Service(
            "web", WebService.Create, builder => builder.Services.AddSingleton<TimeProvider>(Clock),
            ("Web:KeyProtection", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), ("Web:TimeLimit", "00:01:00"))
        .Fake("members", MapMembers)
        .Fake("catalog", MapCatalog)
        .Fake("basket", MapBasket)
        .Fake("ordering", MapOrdering)
        .Fake("inventory", app =>
        {
            app.MapGet("/api/inventory/{id}", (string id) => Results.Json(new { productId = id, onHand = 9, reserved = 2, available = 7 }));
            app.MapPut("/api/inventory/{id}", async (string id, HttpRequest request) =>
            {
                StaffCalls.Enqueue($"PUT stock {id} {await new StreamReader(request.Body).ReadToEndAsync()}");
                return Results.Json(new { productId = id, onHand = 5, reserved = 2, available = 3 });
            });
        })
        .Fake("payment", app => app.MapGet("/api/payments/{id}", (string id) =>
            Results.Json(new { orderId = id, status = "captured", authorized = 5000, captured = 5000, refunded = 0, currency = "USD" })))
        .Fake("shipping", app =>
        {
            app.MapGet("/api/shipping/rates", (string country, int weight) => country == "JP"
                ? Results.Json(new { items = Array.Empty<object>() })
                : Results.Json(new
                {
                    items = new[] { new { method = "standard", price = new Money(500, "USD"), estimatedDays = 4 },
                    new { method = "express", price = new Money(1500, "USD"), estimatedDays = 1 } }
                }));
            app.MapGet("/api/shipments/{id}", (string id) =>
                Results.Json(new
                {
                    orderId = id,
                    status = "created",
                    trackingNumber = "DS123",
                    events = new[] { new { status = "created", at = DateTimeOffset.UnixEpoch } }
                }));
        })
        .Fake("notification", app =>
            app.MapGet("/api/notifications", () =>
                Results.Json(Page(new { id = "n-1", kind = "orderConfirmed", title = Hostile, text = "It is on its way.", createdAt = DateTimeOffset.UnixEpoch, orderId = "o-1" })))));

    public ValueTask DisposeAsync() => Shop.DisposeAsync();

    public Browser Browser() => new(Shop.Client("web").BaseAddress!);

    public async Task<Browser> SignedInAsync(string email = "ann@example.org")
    {
        var browser = Browser();
        await browser.OpenAsync("/sign-in");
        await browser.SubmitAsync("sign-in", ("Email", email), ("Password", "correct horse"));
        return browser;
    }

    private static object Page(params object[] items) => new { items, total = items.Length, page = 1, pageSize = 20 };

    private static IResult Problem(int status, string detail) => Results.Problem(detail, statusCode: status);

    private void MapMembers(WebApplication app)
    {
        app.MapPost("/api/members", (JsonElement body) => body.GetProperty("email").GetString() == "taken@example.org"
            ? Problem(409, "This e-mail address is taken.")
            : Results.Json(new { id = "m-1", email = "ann@example.org", displayName = "Ann" }, statusCode: 201));
        app.MapPost("/api/members/token", (JsonElement body) =>
        {
            if (body.TryGetProperty("refreshToken", out _)) Interlocked.Increment(ref _refreshes);
            else if (body.GetProperty("password").GetString() != "correct horse") return Problem(401,
                "E-mail address or password is wrong.");
            var role = body.TryGetProperty("email", out var email) && email.GetString() == "staff@example.org" ? "staff" : "member";
            return Results.Json(new
            {
                accessToken = $"token-of-{role}",
                tokenType = "Bearer",
                expiresIn = 900,
                refreshToken = Guid.NewGuid()
                .ToString()
            });
        });
        app.MapGet("/api/members/me", (HttpRequest request) => request.Headers.Authorization == "Bearer token-of-staff"
            ? Results.Json(new { id = "s-1", email = "staff@example.org", displayName = "Stef", role = "staff", locale = "en" })
            : Results.Json(new { id = "m-1", email = "ann@example.org", displayName = "Ann", role = "member", locale = "en" }));
        app.MapGet("/api/members/me/addresses", () => Results.Json(Page()));
        app.MapPut("/api/members/me/addresses", () => Results.Json(Page()));
    }

    private void MapCatalog(WebApplication app)
    {
        static object Product(string id, int available = 7) => new
        {
            id,
            name = id == "hostile" ? Hostile : $"The {id}",
            description = "Nice.",
            category = "kitchen",
            price = new Money(2500, "USD"),
            imageUrl = $"/api/catalog/products/{id}/image",
            available,
        };
        app.MapGet("/api/catalog/categories", () =>
            Results.Json(new { items = new[] { new { id = "kitchen", name = "Kitchen", count = 2 } } }));
        app.MapGet("/api/catalog/products", (string? search, string? minPrice) => minPrice is not null && !long.TryParse(minPrice, out _)
            ? Results.ValidationProblem(new Dictionary<string, string[]> { ["minPrice"] = ["A whole number."] })
            : Results.Json(search == "nothing" ? Page()
                : new { items = new[] { Product("kettle-01"), Product("hostile", 0) }, total = 60, page = 1, pageSize = 24 }));
        app.MapGet("/api/catalog/products/{id}", (string id, HttpResponse response) =>
        {
            response.Headers.ETag = "\"3.7\"";
            return id is "kettle-01" or "hostile" or "new" ? Results.Json(Product(id)) : Problem(404, "There is no such product.");
        });
        app.MapGet("/internal/products", (string ids) =>
            Results.Json(ids.Split(',').Select(id => new ProductQuote(id, id, new(2500, "USD"), 800, 3, ""))));
        app.MapMethods("/api/catalog/products/{id}", ["PUT", "DELETE"], (string id, HttpRequest request) =>
        {
            StaffCalls.Enqueue($"{request.Method} {id} {request.Headers.IfMatch} {request.Headers.Authorization}");
            return request.Headers.IfMatch == "\"1.1\"" ? Problem(412, "The product was changed meanwhile; read it again.")
                : Results.Json(Product(id));
        });
        app.MapPost("/api/catalog/products", async (HttpRequest request) =>
        {
            StaffCalls.Enqueue($"POST {await new StreamReader(request.Body).ReadToEndAsync()}");
            return Results.Json(Product("kettle-01"), statusCode: 201);
        });
    }

    private void MapBasket(WebApplication app)
    {
        static string Owner(HttpRequest request) =>
            (string?)request.Headers.Authorization ?? (string?)request.Headers["X-Basket-Id"] ?? throw new BadHttpRequestException("whose?");
        ConcurrentDictionary<string, int> Of(string owner) => Baskets.GetOrAdd(owner, _ => new());
        static IResult Show(ConcurrentDictionary<string, int> basket)
        {
            var items = basket.Order()
                .Select(line => new BasketItem(line.Key, $"The {line.Key}", new(2500, "USD"), line.Value, new(2500 * line.Value, "USD")))
                    .ToList();
            return Results.Json(new BasketView(items, new(items.Sum(item => item.LineTotal.Amount), "USD")), JsonSerializerOptions.Web);
        }

        app.MapGet("/api/basket", (HttpRequest request) => Show(Of(Owner(request))));
        app.MapPut("/api/basket/items/{id}", (string id, JsonElement body, HttpRequest request) =>
        {
            var basket = Of(Owner(request));
            if (body.GetProperty("quantity").GetInt32() is not (>= 1 and <= 99 and var quantity))
                return Results.ValidationProblem(new Dictionary<string, string[]> { ["quantity"] = ["Must be 1 to 99."] });
            basket[id] = quantity;
            return Show(basket);
        });
        app.MapDelete("/api/basket/items/{id}", (string id, HttpRequest request) =>
        {
            var basket = Of(Owner(request));
            basket.TryRemove(id, out _);
            return Show(basket);
        });
        app.MapPost("/api/basket/merge", (JsonElement body, HttpRequest request) =>
        {
            var basket = Of(Owner(request));
            foreach (var line in Of(body.GetProperty("basketId").GetString()!)) basket[line.Key] = line.Value;
            return Show(basket);
        });
    }

    private void MapOrdering(WebApplication app)
    {
        object Order(string id) => new
        {
            id,
            status = Cancelled.ContainsKey(id) ? "cancelled" : "confirmed",
            memberId = (string?)null,
            items = new[] { new { productId = "kettle-01", name = Hostile, unitPrice = new Money(2500, "USD"), quantity = 2,
                lineTotal = new Money(5000, "USD") } },
            subtotal = new Money(5000, "USD"),
            shippingMethod = "standard",
            shippingCost = new Money(500, "USD"),
            total = new Money(5500, "USD"),
            shippingAddress = new PostalAddress("Ann", "1 Long Lane", null, "Town", "12345", "US"),
            placedAt = DateTimeOffset.UnixEpoch,
            updatedAt = DateTimeOffset.UnixEpoch,
            version = 5,
        };
        app.MapPost("/api/orders", (JsonElement body, HttpRequest request) =>
        {
            if (body.GetProperty("shippingAddress").GetProperty("city").GetString() is null or "")
                return Results.ValidationProblem(new Dictionary<string, string[]> { ["shippingAddress.city"] = ["Required."] });
            var key = request.Headers["Idempotency-Key"].ToString();
            Orders.TryAdd(key, body.Clone());
            foreach (var basket in Baskets.Values) basket.Clear();
            return Results.Json(Order(key), JsonSerializerOptions.Web, statusCode: 202);
        });
        app.MapGet("/api/orders", (int page) => Results.Json(
            new { items = page == 1 ? [Order("o-1")] : Array.Empty<object>(), total = 1, page, pageSize = 20 }, JsonSerializerOptions.Web));
        app.MapGet("/api/orders/{id}", (string id) => id == "missing" ? Problem(404, "There is no such order.")
            : Results.Json(Order(id), JsonSerializerOptions.Web));
        app.MapGet("/api/orders/{id}/history", (string id) =>
            Results.Json(new
            {
                items = new[] { new { version = 1, type = "submitted", status = "submitted",
                at = DateTimeOffset.UnixEpoch } }
            }));
        app.MapPost("/api/orders/{id}/cancel", (string id) =>
        {
            if (id == "shipped") return Problem(409, "An order that is shipped cannot be cancelled.");
            Cancelled[id] = true;
            return Results.Json(Order(id), JsonSerializerOptions.Web, statusCode: 202);
        });
        app.MapPost("/api/orders/{id}/reorder", (string id) => Results.Json(new BasketView([], new(0, "USD")), JsonSerializerOptions.Web));
    }
}

/// <summary>A visitor without JavaScript: keeps cookies, follows redirects, fills the forms it was given.</summary>
public sealed partial class Browser(Uri address) : IDisposable
{
    private readonly HttpClient _http = new(new HttpClientHandler { CookieContainer = new CookieContainer() })
    {
        BaseAddress = address,
        DefaultRequestHeaders = { { "Accept", "text/html" } },
    };

    public void Dispose() => _http.Dispose();

    public string Html { get; private set; } = "";

    /// <summary>What a person reads: decoded, without tags.</summary>
    public string Text => WebUtility.HtmlDecode(Tag().Replace(Html, " "));

    public Uri Address { get; private set; } = address;

    public HttpStatusCode Status { get; private set; }

    public async Task<Browser> OpenAsync(string path) => await ShowAsync(await _http.GetAsync(path));

    /// <summary>Sends a form of the page as shown, its hidden fields included.</summary>
    public async Task<Browser> SubmitAsync(string form, params (string Name, string Value)[] fields) =>
        await ShowAsync(await _http.PostAsync(Address, new FormUrlEncodedContent(Fields(form, fields))));

    /// <summary>Sends the same form twice at the same time, as an impatient finger does.</summary>
    public async Task<Browser> DoubleSubmitAsync(string form, params (string Name, string Value)[] fields)
    {
        var content = Fields(form, fields).ToList();
        var answers = await Task.WhenAll(_http.PostAsync(Address, new FormUrlEncodedContent(content)),
            _http.PostAsync(Address, new FormUrlEncodedContent(content)));
        Assert.Equal(answers[0].RequestMessage!.RequestUri, answers[1].RequestMessage!.RequestUri);
        return await ShowAsync(answers[1]);
    }

    public Task<HttpResponseMessage> PostRawAsync(string path, params (string Name, string Value)[] fields) =>
        _http.PostAsync(path, new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))));

    public Task<HttpResponseMessage> GetRawAsync(string path) => _http.GetAsync(path);

    public string Hidden(string name) => HiddenFields(Html).First(field => field.Key == name).Value;

    private IEnumerable<KeyValuePair<string, string>> Fields(string form, (string Name, string Value)[] fields)
    {
        var markup = Form().Matches(Html).Select(match => match.Value)
            .Single(markup => markup.Contains($"value=\"{form}\"", StringComparison.Ordinal));
        return HiddenFields(markup).Where(hidden => fields.All(field => field.Name != hidden.Key))
            .Concat(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
    }

    private static IEnumerable<KeyValuePair<string, string>> HiddenFields(string markup) => Input().Matches(markup)
        .Where(input => input.Value.Contains("type=\"hidden\"", StringComparison.Ordinal))
        .Select(input => KeyValuePair.Create(
            WebUtility.HtmlDecode(Name().Match(input.Value).Groups[1].Value),
                WebUtility.HtmlDecode(Value().Match(input.Value).Groups[1].Value)));

    private async Task<Browser> ShowAsync(HttpResponseMessage response)
    {
        (Status, Address, Html) = (response.StatusCode, response.RequestMessage!.RequestUri!, await response.Content.ReadAsStringAsync());
        return this;
    }

    [GeneratedRegex("<form.*?</form>", RegexOptions.Singleline)]
    private static partial Regex Form();

    [GeneratedRegex("<input[^>]*>")]
    private static partial Regex Input();

    [GeneratedRegex(" name=\"([^\"]*)\"")]
    private static partial Regex Name();

    [GeneratedRegex(" value=\"([^\"]*)\"")]
    private static partial Regex Value();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();
}
