using System.Net;
using DaprShop.Testing;
using DaprShop.Web.Session;

namespace DaprShop.Web.Tests;

public sealed class PageTests(WebHost host) : IClassFixture<WebHost>
{
    private static readonly (string, string)[] s_address =
    [
        ("Form.Recipient", "Ann"), ("Form.Line1", "1 Long Lane"), ("Form.PostalCode", "12345"), ("Form.City", "Town"),
            ("Form.Country", "US"),
        ("Form.Method", "express"), ("Form.PaymentToken", "tok_ok"), ("Form.Action", "order"),
    ];

    [Theory]
    [InlineData("/", "Good things for everyday life")]
    [InlineData("/?search=kettle", "Results for “kettle”")]
    [InlineData("/?category=kitchen&sort=price&page=2", "Kitchen")]
    [InlineData("/?search=nothing", "Nothing found")]
    [InlineData("/products/kettle-01", "The kettle-01")]
    [InlineData("/basket", "Nothing in it yet")]
    [InlineData("/sign-in", "Create an account")]
    [InlineData("/sign-up", "At least 8 characters")]
    public async Task A_guest_sees(string path, string text)
    {
        var page = await host.Browser().OpenAsync(path);
        Assert.Equal(HttpStatusCode.OK, page.Status);
        Assert.Contains(text, page.Text);
    }

    [Theory]
    [InlineData("/products/none")]
    [InlineData("/orders/missing")]
    [InlineData("/nowhere")]
    public async Task What_does_not_exist_is_a_friendly_404(string path)
    {
        var page = await (await host.SignedInAsync()).OpenAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, page.Status);
        Assert.Contains("There is nothing here", page.Text);
        Assert.Contains("site-header", page.Html);
    }

    [Theory]
    [InlineData("/css/shop.css", "text/css")]
    [InlineData("/js/shop.js", "text/javascript")]
    [InlineData("/favicon.svg", "image/svg+xml")]
    public async Task Files_are_served_and_revalidated(string path, string type)
    {
        var client = host.Shop.Client("web");
        var first = await client.GetAsync(path);
        Assert.Equal((HttpStatusCode.OK, type), (first.StatusCode, first.Content.Headers.ContentType!.MediaType));
        using var again = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { IfNoneMatch = { first.Headers.ETag! } } };
        Assert.Equal(HttpStatusCode.NotModified, (await client.SendAsync(again)).StatusCode);
    }

    [Theory]
    [InlineData("/checkout")]
    [InlineData("/orders")]
    [InlineData("/orders/o-1")]
    [InlineData("/notifications")]
    [InlineData("/staff")]
    public async Task A_guest_is_asked_to_sign_in_and_comes_back(string path)
    {
        var browser = await host.Browser().OpenAsync(path);
        Assert.Equal("/sign-in", browser.Address.AbsolutePath);
        await browser.SubmitAsync("sign-in", ("Email", "staff@example.org"), ("Password", "correct horse"));
        Assert.Equal(path, browser.Address.AbsolutePath);
        Assert.Equal(HttpStatusCode.OK, browser.Status);
    }

    [Fact]
    public async Task A_wrong_password_is_told_and_the_address_kept()
    {
        var browser = await host.Browser().OpenAsync("/sign-in");
        await browser.SubmitAsync("sign-in", ("Email", "ann@example.org"), ("Password", "wrong"));
        Assert.Contains("E-mail address or password is wrong.", browser.Text);
        Assert.Contains("value=\"ann@example.org\"", browser.Html);
        Assert.DoesNotContain("value=\"wrong\"", browser.Html);
    }

    [Fact]
    public async Task A_new_member_is_signed_in_at_once()
    {
        var browser = await host.Browser().OpenAsync("/sign-up?returnUrl=%2Forders");
        await browser.SubmitAsync("sign-up", ("DisplayName", "Ann"), ("Email", "taken@example.org"), ("Password", "correct horse"));
        Assert.Contains("taken", browser.Text);
        await browser.SubmitAsync("sign-up", ("DisplayName", "Ann"), ("Email", "ann@example.org"), ("Password", "correct horse"));
        Assert.Equal("/orders", browser.Address.AbsolutePath);
    }

    [Fact]
    public async Task From_the_shelf_to_the_order()
    {
        var browser = await host.Browser().OpenAsync("/products/kettle-01");
        await browser.SubmitAsync("add", ("Quantity", "2"));
        Assert.Equal("/basket", browser.Address.AbsolutePath);
        Assert.Contains("$50.00", browser.Text);

        await browser.SubmitAsync("basket", ("Quantities[kettle-01]", "3"));
        Assert.Contains("$75.00", browser.Text);

        await browser.OpenAsync("/checkout");
        await browser.SubmitAsync("sign-in", ("Email", "ann@example.org"), ("Password", "correct horse"));
        Assert.Equal("/checkout", browser.Address.AbsolutePath);
        Assert.Contains("3 × The kettle-01", browser.Text); // the guest's basket came along

        await browser.SubmitAsync("checkout",
            [.. s_address.Where(field => field.Item1 is not ("Form.Action" or "Form.Country")), ("Form.Action", "rates"),
                ("Form.Country", "JP")]);
        Assert.Contains("We do not deliver there yet", browser.Text);
        Assert.Contains("1 Long Lane", browser.Html);

        await browser.SubmitAsync("checkout", [.. s_address.Where(field => field.Item1 != "Form.City"), ("Form.City", "")]);
        Assert.Contains("City: Required.", browser.Text);

        var key = browser.Hidden("Form.Key");
        await browser.DoubleSubmitAsync("checkout", s_address);
        Assert.Equal($"/orders/{key}", browser.Address.AbsolutePath);
        Assert.Contains("Confirmed", browser.Text);
        Assert.Contains("DS123", browser.Text);
        var order = host.Orders[key];
        Assert.True(order.GetProperty("fromBasket").GetBoolean());
        Assert.Equal("express", order.GetProperty("shippingMethod").GetString());
        Assert.Equal("tok_ok", order.GetProperty("paymentToken").GetString());

        await browser.SubmitAsync("cancel");
        Assert.Contains("Cancelled", browser.Text);
        await browser.SubmitAsync("reorder");
        Assert.Equal("/basket", browser.Address.AbsolutePath);
    }

    [Fact]
    public async Task A_line_can_be_taken_out()
    {
        var browser = await host.Browser().OpenAsync("/products/kettle-01");
        await browser.SubmitAsync("add", ("Quantity", "1"));
        await browser.SubmitAsync("basket", ("Quantities[kettle-01]", "1"), ("Remove", "kettle-01"));
        Assert.Contains("Nothing in it yet", browser.Text);
    }

    [Theory]
    [InlineData("2.0", 2)]
    [InlineData("2e0", 2)]
    [InlineData("2.5", 1)]
    [InlineData("2147483647", 1)]
    [InlineData("0", 1)]
    public async Task Number_fields_are_read_as_browsers_send_them(string typed, int expected)
    {
        var browser = await host.Browser().OpenAsync("/products/kettle-01");
        await browser.SubmitAsync("add", ("Quantity", "1"));
        await browser.SubmitAsync("basket", ("Quantities[kettle-01]", typed == "0" ? "1" : typed));
        await browser.OpenAsync("/basket");
        Assert.Contains($"name=\"Quantities[kettle-01]\" value=\"{expected}\"", browser.Html);
    }

    [Fact]
    public async Task What_was_not_seen_is_not_ordered()
    {
        var browser = await host.SignedInAsync();
        await browser.OpenAsync("/products/kettle-01");
        await browser.SubmitAsync("add", ("Quantity", "1"));
        await browser.OpenAsync("/checkout");
        Assert.Contains("data-testid=\"total-standard\"", browser.Html);
        Assert.Contains("data-testid=\"total-express\"", browser.Html);
        var key = browser.Hidden("Form.Key");
        await browser.SubmitAsync("checkout", [.. s_address, ("Form.Seen", "100")]);
        Assert.Contains("Your basket has changed", browser.Text);
        Assert.False(host.Orders.ContainsKey(key));
        await browser.SubmitAsync("checkout", s_address);
        Assert.Equal($"/orders/{key}", browser.Address.AbsolutePath);
        await browser.SubmitAsync("cancel");
        await browser.SubmitAsync("cancel");
        Assert.Equal(HttpStatusCode.OK, browser.Status);
    }

    [Fact]
    public async Task A_country_that_is_not_offered_stays_chosen_and_none_is_no_error_of_ours()
    {
        var browser = await host.SignedInAsync();
        await browser.OpenAsync("/products/kettle-01");
        await browser.SubmitAsync("add", ("Quantity", "1"));
        await browser.OpenAsync("/checkout");
        await browser.SubmitAsync("checkout", ("Form.Country", "HR"), ("Form.Action", "rates"));
        Assert.Contains("<option value=\"HR\" selected>", browser.Html);
        await browser.SubmitAsync("checkout", ("Form.Action", "rates"));
        Assert.Equal(HttpStatusCode.OK, browser.Status);
    }

    [Fact]
    public async Task A_members_pages_are_not_kept()
    {
        var browser = await host.SignedInAsync();
        foreach (var path in new[] { "/", "/orders", "/notifications" })
            Assert.True((await browser.GetRawAsync(path)).Headers.CacheControl!.NoStore, path);
    }

    [Fact]
    public async Task A_refused_cancellation_is_explained()
    {
        var browser = await host.SignedInAsync();
        await browser.OpenAsync("/orders/shipped");
        await browser.SubmitAsync("cancel");
        Assert.Contains("cannot be cancelled", browser.Text);
    }

    [Fact]
    public async Task Signing_out_ends_the_session()
    {
        var browser = await host.SignedInAsync();
        await browser.OpenAsync("/sign-out");
        await browser.SubmitAsync("sign-out");
        await browser.OpenAsync("/orders");
        Assert.Equal("/sign-in", browser.Address.AbsolutePath);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/products/hostile")]
    [InlineData("/?search=%3Cscript%3Ealert('x')%3C/script%3E%22onmouseover=%22")]
    [InlineData("/?category=%22%3E%3Cscript%3Ealert('x')%3C/script%3E&from=%22%3E&sort=%3Cscript")]
    [InlineData("/notifications")]
    [InlineData("/orders/o-1")]
    [InlineData("/staff/products/hostile")]
    public async Task Hostile_text_stays_text(string path)
    {
        var browser = await host.SignedInAsync("staff@example.org");
        await browser.OpenAsync(path);
        Assert.DoesNotContain("<script>alert", browser.Html);
        Assert.DoesNotContain("\"onmouseover", browser.Html);
    }

    [Fact]
    public async Task Pages_carry_no_inline_script_style_or_token()
    {
        var browser = await host.SignedInAsync("staff@example.org");
        foreach (var path in new[] { "/", "/checkout", "/orders/o-1", "/staff", "/staff/products/kettle-01" })
        {
            await browser.OpenAsync(path);
            Assert.DoesNotContain("style=\"", browser.Html);
            Assert.DoesNotContain("<style", browser.Html);
            Assert.DoesNotContain("onclick", browser.Html);
            Assert.DoesNotContain("token-of", browser.Html);
            Assert.All(browser.Html.Split("<script").Skip(1), script => Assert.StartsWith(" src=\"/js/", script));
        }
    }

    [Fact]
    public async Task A_form_without_its_antiforgery_token_is_refused()
    {
        var browser = await host.SignedInAsync();
        var answer = await browser.PostRawAsync("/orders/o-1", ("_handler", "cancel"));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("The form was out of date", await answer.Content.ReadAsStringAsync());
        Assert.False(host.Cancelled.ContainsKey("o-1"));
    }

    [Fact]
    public async Task Members_may_not_open_the_staffs_pages()
    {
        var browser = await host.SignedInAsync();
        await browser.OpenAsync("/staff");
        Assert.Equal(HttpStatusCode.Forbidden, browser.Status);
        Assert.Contains("This is for staff", browser.Text);
    }

    [Fact]
    public async Task A_page_behind_the_last_is_the_last()
    {
        var browser = await host.SignedInAsync();
        await browser.OpenAsync("/orders?page=99");
        Assert.Equal("/orders?page=1", browser.Address.PathAndQuery);
        Assert.Contains("data-order=\"o-1\"", browser.Html);
    }

    [Fact]
    public async Task A_product_of_any_name_can_be_edited()
    {
        var browser = await host.SignedInAsync("staff@example.org");
        await browser.OpenAsync("/staff/products/new");
        Assert.Contains("The new", browser.Text);
        await browser.SubmitAsync("count", ("OnHand", "4"));
        Assert.Contains("PUT stock new {\"onHand\":4}", host.StaffCalls);
    }

    [Fact]
    public async Task Staff_change_products_and_stock_over_the_version_they_saw()
    {
        var browser = await host.SignedInAsync("staff@example.org");
        await browser.OpenAsync("/staff/products/kettle-01");
        Assert.Contains("value=\"25.00\"", browser.Html);
        (string, string)[] fields = [("Form.Name", "Better"), ("Form.Category", "kitchen"), ("Form.Price", "19.99"),
            ("Form.WeightGrams", "700")];
        await browser.SubmitAsync("save", fields);
        Assert.Contains("PUT kettle-01 \"3.7\" Bearer token-of-staff", host.StaffCalls);
        await browser.SubmitAsync("save", [.. fields, ("Form.ETag", "\"1.1\"")]);
        Assert.Contains("The product was changed meanwhile", browser.Text);
        await browser.OpenAsync("/staff/products/kettle-01");
        await browser.SubmitAsync("count", ("OnHand", "5"));
        Assert.Contains("PUT stock kettle-01 {\"onHand\":5}", host.StaffCalls);
        await browser.SubmitAsync("delete");
        Assert.Equal("/staff", browser.Address.AbsolutePath);
        Assert.Contains("DELETE kettle-01 \"3.7\" Bearer token-of-staff", host.StaffCalls);
        await browser.OpenAsync("/staff/new-product");
        await browser.SubmitAsync("create", fields);
        Assert.Contains(host.StaffCalls, call => call.StartsWith("POST", StringComparison.Ordinal)
            && call.Contains("\"amount\":1999", StringComparison.Ordinal));
        await browser.OpenAsync("/staff/orders?status=confirmed");
        Assert.Contains("All orders", browser.Text);
    }

    [Fact]
    public async Task A_session_is_renewed_once_however_many_requests_come_at_once()
    {
        var browser = await host.SignedInAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(14.5));
        var before = host.Refreshes;
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => browser.GetRawAsync("/orders")));
        Assert.All(answers, answer => Assert.Equal("/orders", answer.RequestMessage!.RequestUri!.AbsolutePath));
        Assert.Equal(before + 1, host.Refreshes);
        await browser.OpenAsync("/orders");
        Assert.Equal(before + 1, host.Refreshes);
    }

    [Fact]
    public async Task Cookies_are_closed_to_scripts_and_other_sites()
    {
        var browser = await host.Browser().OpenAsync("/sign-in");
        var client = new HttpClient(new HttpClientHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false
        })
        { BaseAddress = browser.Address };
        var page = await client.GetAsync("/sign-in");
        Assert.All(page.Headers.GetValues("Set-Cookie"), cookie => Assert.Contains("httponly", cookie));
        Assert.All(page.Headers.GetValues("Set-Cookie"), cookie => Assert.DoesNotContain("secure", cookie));
        // Who came by https, as the gateway says, gets cookies for that alone.
        client.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        page = await client.GetAsync("/sign-in");
        Assert.All(page.Headers.GetValues("Set-Cookie"), cookie => Assert.Contains("secure", cookie));
    }

    [Theory]
    [InlineData("/orders/1", "/orders/1")]
    [InlineData("/", "/")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("https://evil.example", "/")]
    [InlineData("javascript:alert(1)", "/")]
    [InlineData("", "/")]
    [InlineData(null, "/")]
    public void Nobody_is_sent_elsewhere(string? url, string expected) => Assert.Equal(expected, ReturnUrl.OrHome(url));
}

/// <summary>With a host of its own: services go away.</summary>
public sealed class ServiceAwayTests(WebHost host) : IClassFixture<WebHost>
{
    [Fact]
    public async Task A_service_that_is_away_takes_only_its_part_of_the_page_with_it()
    {
        var browser = await host.SignedInAsync();
        await browser.OpenAsync("/products/kettle-01");
        await browser.SubmitAsync("add", ("Quantity", "1"));

        await host.Shop.StopAppAsync("catalog");
        await browser.OpenAsync("/");
        Assert.Contains("The catalogue is taking a break", browser.Text);
        await browser.OpenAsync("/products/kettle-01");
        Assert.Contains("The catalogue is taking a break", browser.Text);
        await browser.OpenAsync("/basket");
        Assert.Contains("The kettle-01", browser.Text);
        await browser.OpenAsync("/checkout");
        Assert.Contains("Delivery prices cannot be shown right now", browser.Text);
        Assert.Contains("data-testid=\"place-order\"", browser.Html);
        await host.Shop.StartAppAsync("catalog");

        await host.Shop.StopAppAsync("basket");
        await browser.OpenAsync("/");
        Assert.Contains("The kettle-01", browser.Text);
        await browser.OpenAsync("/basket");
        Assert.Contains("The basket is taking a break", browser.Text);
        await browser.OpenAsync("/products/kettle-01");
        await browser.SubmitAsync("add", ("Quantity", "1"));
        Assert.Contains("taking a break", browser.Text);

        await host.Shop.StartAppAsync("basket");
        await browser.OpenAsync("/basket");
        await host.Shop.StopAppAsync("basket");
        await browser.SubmitAsync("basket", ("Remove", "kettle-01"));
        Assert.Contains("The basket is taking a break", browser.Text);

        await host.Shop.StopAppAsync("payment");
        await browser.OpenAsync("/orders/o-1");
        Assert.Contains("DS123", browser.Text);
        await host.Shop.StopAppAsync("ordering");
        await browser.SubmitAsync("cancel");
        Assert.Contains("The order desk is taking a break", browser.Text);
        await browser.OpenAsync("/orders/o-1");
        Assert.Contains("The order desk is taking a break", browser.Text);

        var staff = await host.SignedInAsync("staff@example.org");
        await browser.OpenAsync("/products/kettle-01");
        await staff.OpenAsync("/staff/products/kettle-01");
        await host.Shop.StopAppAsync("catalog");
        await browser.SubmitAsync("add", ("Quantity", "1"));
        Assert.Contains("The catalogue is taking a break", browser.Text);
        await staff.SubmitAsync("save", ("Form.Name", "Better"));
        Assert.Contains("The catalogue is taking a break", staff.Text);
    }

    [Fact]
    public async Task The_keys_of_cookies_and_forms_lie_sealed_in_the_store()
    {
        await host.SignedInAsync();
        var keys = await host.Shop.Dapr("web").GetStateAsync<string[]>("web-store", "data-protection-keys");
        Assert.NotEmpty(keys);
        Assert.All(keys, key => Assert.Contains("aes256gcm:", key, StringComparison.Ordinal));
        Assert.All(keys, key => Assert.DoesNotContain("masterKey", key, StringComparison.Ordinal));
        await ShopHost.EventuallyAsync(async () => (await host.Shop.Client("web").GetAsync("/healthz")).IsSuccessStatusCode, "web to be ready");
    }

    [Fact]
    public async Task A_restart_signs_nobody_out()
    {
        var browser = await host.SignedInAsync();
        await host.Shop.RestartAsync("web");
        await browser.OpenAsync("/notifications");
        Assert.Equal("/notifications", browser.Address.AbsolutePath);
    }
}
