// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Token} from "common/Token.sol";

error NotAllowed();

/// @notice A constant product pool with a fee of 0.3 percent. Its shares are an ERC-20.
contract Pool {
    string public constant name = "Pool share";
    string public constant symbol = "LP";
    uint8 public constant decimals = 18;
    uint256 private constant MINIMUM_LIQUIDITY = 1000;

    Token public immutable token0;
    Token public immutable token1;
    uint256 public reserve0;
    uint256 public reserve1;
    uint256 public totalSupply;
    mapping(address account => uint256) public balanceOf;
    mapping(address account => mapping(address spender => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);
    event Sync(uint256 reserve0, uint256 reserve1);

    constructor(Token a, Token b) {
        token0 = a;
        token1 = b;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _move(msg.sender, to, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed != type(uint256).max) allowance[from][msg.sender] = allowed - value;
        _move(from, to, value);
        return true;
    }

    /// @notice Makes shares of the tokens that the caller has sent here before in this transaction.
    function mint(address to) external returns (uint256 shares) {
        uint256 amount0 = token0.balanceOf(address(this)) - reserve0;
        uint256 amount1 = token1.balanceOf(address(this)) - reserve1;
        if (totalSupply == 0) {
            shares = _sqrt(amount0 * amount1) - MINIMUM_LIQUIDITY;
            totalSupply = MINIMUM_LIQUIDITY;
            balanceOf[address(1)] = MINIMUM_LIQUIDITY;
            emit Transfer(address(0), address(1), MINIMUM_LIQUIDITY);
        } else {
            uint256 shares0 = (amount0 * totalSupply) / reserve0;
            uint256 shares1 = (amount1 * totalSupply) / reserve1;
            shares = shares0 < shares1 ? shares0 : shares1;
        }
        if (shares == 0) revert NotAllowed();
        totalSupply += shares;
        balanceOf[to] += shares;
        emit Transfer(address(0), to, shares);
        _update();
    }

    /// @notice Pays the shares out that the caller has sent here before in this transaction.
    function burn(address to) external returns (uint256 amount0, uint256 amount1) {
        uint256 shares = balanceOf[address(this)];
        amount0 = (shares * token0.balanceOf(address(this))) / totalSupply;
        amount1 = (shares * token1.balanceOf(address(this))) / totalSupply;
        balanceOf[address(this)] = 0;
        totalSupply -= shares;
        emit Transfer(address(this), address(0), shares);
        if (!token0.transfer(to, amount0) || !token1.transfer(to, amount1)) revert NotAllowed();
        _update();
    }

    /// @notice Swaps tokens of the caller for no fewer than `minimum` of the other.
    function swap(bool zeroForOne, uint256 amountIn, uint256 minimum, address to) external returns (uint256 out) {
        (Token tokenIn, Token tokenOut) = zeroForOne ? (token0, token1) : (token1, token0);
        (uint256 reserveIn, uint256 reserveOut) = zeroForOne ? (reserve0, reserve1) : (reserve1, reserve0);
        uint256 withFee = amountIn * 997;
        out = (withFee * reserveOut) / (reserveIn * 1000 + withFee);
        if (out < minimum) revert NotAllowed();
        if (!tokenIn.transferFrom(msg.sender, address(this), amountIn)) revert NotAllowed();
        if (!tokenOut.transfer(to, out)) revert NotAllowed();
        _update();
    }

    function _move(address from, address to, uint256 value) private {
        if (to == address(0)) revert NotAllowed();
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }

    function _update() private {
        reserve0 = token0.balanceOf(address(this));
        reserve1 = token1.balanceOf(address(this));
        emit Sync(reserve0, reserve1);
    }

    function _sqrt(uint256 y) private pure returns (uint256 z) {
        z = y;
        uint256 x = y / 2 + 1;
        while (x < z) {
            z = x;
            x = (y / x + x) / 2;
        }
    }
}
