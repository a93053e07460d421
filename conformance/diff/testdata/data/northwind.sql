-- Questions to the Northwind traders.
SELECT type, name FROM sqlite_schema ORDER BY 1, 2;
SELECT CategoryName, length(Picture), hex(substr(Picture, 1, 8)) FROM Categories;
SELECT * FROM Customers ORDER BY CustomerID LIMIT 20;
SELECT CompanyName, count(*) FROM Customers JOIN Orders USING (CustomerID) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10;
SELECT * FROM [Order Subtotals] ORDER BY OrderID LIMIT 25;
SELECT * FROM [Products Above Average Price] ORDER BY 1;
SELECT * FROM [Current Product List] ORDER BY 1;
SELECT * FROM [Sales by Category] ORDER BY 1, 2, 3, 4 LIMIT 30;
SELECT OrderID, OrderDate, ShippedDate, typeof(OrderDate), julianday(ShippedDate) - julianday(OrderDate) FROM Orders ORDER BY OrderID LIMIT 30;
SELECT p.ProductName, sum(d.Quantity * d.UnitPrice * (1 - d.Discount)) AS sales FROM [Order Details] d JOIN Products p USING (ProductID) GROUP BY 1 ORDER BY 2 DESC LIMIT 10;
SELECT e.LastName, b.LastName, e.BirthDate FROM Employees e LEFT JOIN Employees b ON b.EmployeeID = e.ReportsTo;
SELECT ShipCountry, total(Freight), ntile(4) OVER (ORDER BY total(Freight)) FROM Orders GROUP BY ShipCountry ORDER BY 1;
PRAGMA foreign_key_check;
UPDATE Products SET UnitsInStock = -1 WHERE ProductID = 1;
INSERT INTO Orders(CustomerID, OrderDate) VALUES ('ALFKI', '2024-02-30') RETURNING OrderID, OrderDate;
DELETE FROM Orders WHERE ShipCountry = 'Brazil';
SELECT count(*) FROM Orders;
